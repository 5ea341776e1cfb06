import { readFile } from "node:fs/promises"
import * as client from "openid-client"

const secret = (await readFile(process.env.OIDC_CLIENT_SECRET_FILE, "utf8")).trim()
const config = await client.discovery(
  new URL("@ISSUER@"),
  "@CLIENT_ID@",
  undefined,
  client.ClientSecretBasic(secret)@OPTIONS@
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
