import * as client from "openid-client"

const config = await client.discovery(
  new URL("@ISSUER@"),
  "@CLIENT_ID@",
  undefined,
  client.None()@OPTIONS@
)

// To sign somebody in: keep verifier, state and nonce in their session, and redirect to url.
const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: "@REDIRECT_URI@",
  scope: "openid email profile",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce
})

// When they come back to the redirect URI:
const tokens = await client.authorizationCodeGrant(config, currentUrl, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce
})
const person = tokens.claims() // person.sub, person.email, person.name
