// Relying parties made with openid-client. What they are told comes on standard input, one JSON text a line; what
// they found goes to standard output. Where a browser is needed they say {"open": URL} and read where that ended.
import { webcrypto } from 'node:crypto'
import dns from 'node:dns'
import { createInterface } from 'node:readline'

// Debian's Node 18 has them under these names alone.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey
const client = await import('openid-client')

// Names below localhost are this machine (RFC 6761), which not every resolver knows.
const lookup = dns.lookup
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest)

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => JSON.parse((await lines.next()).value)
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
const visit = async (url) => {
  say({ open: url.href })
  return new URL((await read()).landed)
}

// Nobody waits for ever for one that hangs.
setTimeout(() => process.exit(2), 120_000).unref()

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

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
say({ jwks: { keys: [{ kty, crv, x, y, kid: 'one' }] } })
const key = { key: pair.privateKey, kid: 'one' }
const parties = { web, strict, signed, machine }
for (let told = await read(); told.party; told = await read()) {
  say({ found: await parties[told.party]({ ...told, key }) })
}
process.exit(0)
