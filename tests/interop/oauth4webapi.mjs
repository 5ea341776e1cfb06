// Relying parties made with oauth4webapi, which does one step at a time and checks each.
import { play, visit } from './party.mjs'
import { setTimeout as sleep } from 'node:timers/promises'
import * as oauth from 'oauth4webapi'

const insecure = { [oauth.allowInsecureRequests]: true }

async function discover(issuer) {
  const expected = new URL(issuer)
  return oauth.processDiscoveryResponse(expected, await oauth.discoveryRequest(expected, insecure))
}

/** Once more where the server wants the nonce that it just gave (RFC 9449, 8). */
async function withNonce(attempt) {
  try {
    return await attempt()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return attempt()
  }
}

/** From a request for authorization to tokens that were checked, signatures too. */
async function tokensFor({ as, client, auth, options = insecure }, { redirect_uri, scope }) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const asked = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri,
    response_type: 'code',
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const url = new URL(as.authorization_endpoint)
  if (options.DPoP) {
    const pushed = await withNonce(async () => {
      const answer = await oauth.pushedAuthorizationRequest(as, client, auth, asked, options)
      return oauth.processPushedAuthorizationResponse(as, client, answer)
    })
    url.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
  } else {
    url.search = asked
  }
  const landed = oauth.validateAuthResponse(as, client, await visit(url), state)
  // With another issuer in the answer the library goes no further (RFC 9207): ours is there, and is it.
  if (landed.get('iss') !== as.issuer) throw new Error(`iss is ${landed.get('iss')}`)
  let answer
  const tokens = await withNonce(async () => {
    answer = await oauth.authorizationCodeGrantRequest(as, client, auth, landed, redirect_uri, verifier, options)
    const wanted = { expectedNonce: nonce, requireIdToken: true }
    return oauth.processAuthorizationCodeResponse(as, client, answer, wanted)
  })
  await oauth.validateApplicationLevelSignature(as, answer, insecure)
  return { tokens, sub: oauth.getValidatedIdTokenClaims(tokens).sub }
}

async function personOf({ as, client, options = insecure }, access_token, sub) {
  return withNonce(async () => {
    const answer = await oauth.userInfoRequest(as, client, access_token, options)
    return oauth.processUserInfoResponse(as, client, sub, answer)
  })
}

async function refresh({ as, client, auth, options = insecure }, refresh_token) {
  return withNonce(async () => {
    const answer = await oauth.refreshTokenGrantRequest(as, client, auth, refresh_token, options)
    return oauth.processRefreshTokenResponse(as, client, answer)
  })
}

/** A web application with a secret, and the API it calls. */
async function web({ issuer, client_id, client_secret, redirect_uri }) {
  const party = { as: await discover(issuer), client: { client_id }, auth: oauth.ClientSecretBasic(client_secret) }
  const { as, client, auth } = party
  const { tokens, sub } = await tokensFor(party, { redirect_uri, scope: 'openid profile email' })
  const person = await personOf(party, tokens.access_token, sub)
  const renewed = await refresh(party, tokens.refresh_token)
  const call = new Request('http://127.0.0.1:9/', { headers: { authorization: `Bearer ${renewed.access_token}` } })
  const seen = await oauth.validateJwtAccessToken(as, call, issuer, insecure)
  const isActive = async (token, options) => {
    const answer = await oauth.introspectionRequest(as, client, auth, token, { ...insecure, ...options })
    const said = await oauth.processIntrospectionResponse(as, client, answer)
    if (options) await oauth.validateApplicationLevelSignature(as, answer, insecure)
    return said.active
  }
  const signed = { requestJwtResponse: true }
  const alive = [await isActive(renewed.access_token), await isActive(renewed.access_token, signed)]
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, auth, renewed.refresh_token, insecure),
  )
  const dead = [await isActive(renewed.access_token), await isActive(renewed.access_token, signed)]
  return {
    email: person.email,
    rotated: renewed.refresh_token !== tokens.refresh_token,
    active: [alive[0], dead[0]],
    signed: [alive[1], dead[1]],
    seen: seen.sub === sub && seen.client_id === client_id,
  }
}

/** An application of the strict profile. */
async function strict({ issuer, client_id, redirect_uri, key }) {
  const as = await discover(issuer)
  const client = { client_id, id_token_signed_response_alg: 'ES256' }
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const party = { as, client, auth: oauth.PrivateKeyJwt(key), options: { ...insecure, DPoP } }
  const { tokens, sub } = await tokensFor(party, { redirect_uri, scope: 'openid email' })
  const person = await personOf(party, tokens.access_token, sub)
  const renewed = await refresh(party, tokens.refresh_token)
  const headers = { authorization: `Bearer ${renewed.access_token}` }
  const stolen = await fetch(as.userinfo_endpoint, { headers })
  return {
    email: person.email,
    token_type: tokens.token_type,
    stays: [undefined, tokens.refresh_token].includes(renewed.refresh_token),
    stolen: stolen.status,
  }
}

/** A program on a device without a browser: public, with an address to show. */
async function device({ issuer, client_id }) {
  const party = { as: await discover(issuer), client: { client_id }, auth: oauth.None() }
  const { as, client, auth } = party
  const asked = await oauth.deviceAuthorizationRequest(as, client, auth, { scope: 'openid email' }, insecure)
  const given = await oauth.processDeviceAuthorizationResponse(as, client, asked)
  const poll = async () => {
    const answer = await oauth.deviceCodeGrantRequest(as, client, auth, given.device_code, insecure)
    const tokens = await oauth.processDeviceCodeResponse(as, client, answer)
    await oauth.validateApplicationLevelSignature(as, answer, insecure)
    return tokens
  }
  const early = await poll().catch((error) => error.error)
  await visit(new URL(given.verification_uri_complete))
  await sleep(given.interval * 1000)
  const tokens = await poll()
  const person = await personOf(party, tokens.access_token, oauth.getValidatedIdTokenClaims(tokens).sub)
  const renewed = await refresh(party, tokens.refresh_token)
  return { early, email: person.email, rotated: renewed.refresh_token !== tokens.refresh_token }
}

/** A service. */
async function machine({ issuer, client_id, client_secret }) {
  const [as, client] = [await discover(issuer), { client_id }]
  const auth = oauth.ClientSecretPost(client_secret)
  const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, insecure)
  const tokens = await oauth.processClientCredentialsResponse(as, client, answer)
  return { token_type: tokens.token_type, expires_in: tokens.expires_in }
}

await play({ web, strict, device, machine })
