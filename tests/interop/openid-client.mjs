// Relying parties made with openid-client.
import { play, visit } from './party.mjs'
import * as client from 'openid-client'

const insecure = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] }

/** What every authorization request has, and what its answer is held to. */
async function request(redirect_uri, scope) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  const parameters = {
    redirect_uri,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  }
  return { parameters, checks }
}

/** A web application with a secret: from signing in to signing out. */
async function web({ issuer, client_id, client_secret, redirect_uri, after_logout }) {
  const proof = client.ClientSecretBasic(client_secret)
  const config = await client.discovery(new URL(issuer), client_id, client_secret, proof, insecure)
  const { parameters, checks } = await request(redirect_uri, 'openid profile email')
  const landed = await visit(client.buildAuthorizationUrl(config, parameters))
  const tokens = await client.authorizationCodeGrant(config, landed, checks)
  const { sub } = tokens.claims()
  const person = await client.fetchUserInfo(config, tokens.access_token, sub)
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)
  const alive = await client.tokenIntrospection(config, renewed.access_token)
  await client.tokenRevocation(config, renewed.refresh_token)
  const dead = await client.tokenIntrospection(config, renewed.access_token)
  const leave = { post_logout_redirect_uri: after_logout, id_token_hint: tokens.id_token, state: 'left' }
  const left = await visit(client.buildEndSessionUrl(config, leave))
  return {
    email: person.email,
    rotated: renewed.refresh_token !== tokens.refresh_token,
    active: [alive.active, dead.active],
    left: left.href,
  }
}

/** An application of the strict profile: pushed requests, a key instead of a secret, tokens bound to another key. */
async function strict({ issuer, client_id, redirect_uri, key }) {
  const metadata = { id_token_signed_response_alg: 'ES256' }
  const config = await client.discovery(new URL(issuer), client_id, metadata, client.PrivateKeyJwt(key), insecure)
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const { parameters, checks } = await request(redirect_uri, 'openid email')
  const landed = await visit(await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }))
  const tokens = await client.authorizationCodeGrant(config, landed, checks, undefined, { DPoP })
  const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP })
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
  const stolen = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${renewed.access_token}` },
  })
  return {
    email: person.email,
    token_type: tokens.token_type,
    stays: [undefined, tokens.refresh_token].includes(renewed.refresh_token),
    stolen: stolen.status,
  }
}

/** An application that signs its requests. */
async function signed({ issuer, client_id, redirect_uri, key }) {
  const config = await client.discovery(new URL(issuer), client_id, undefined, client.PrivateKeyJwt(key), insecure)
  const { parameters, checks } = await request(redirect_uri, 'openid email')
  const landed = await visit(await client.buildAuthorizationUrlWithJAR(config, parameters, key))
  const tokens = await client.authorizationCodeGrant(config, landed, checks)
  const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  return { email: person.email }
}

/** A service. */
async function machine({ issuer, client_id, client_secret }) {
  const proof = client.ClientSecretPost(client_secret)
  const config = await client.discovery(new URL(issuer), client_id, undefined, proof, insecure)
  const tokens = await client.clientCredentialsGrant(config)
  return { token_type: tokens.token_type, expires_in: tokens.expires_in }
}

await play({ web, strict, signed, machine })
