// What relying parties made for Node share. What they are told comes on standard input, one JSON text a line; what
// they found goes to standard output. Where a browser is needed they say {"open": URL} and read where that ended.
// Imported first: it puts things where the libraries look for them.
import { webcrypto } from 'node:crypto'
import dns from 'node:dns'
import { createInterface } from 'node:readline'

// Debian's Node 18 has them under these names alone.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey

// Names below localhost are this machine (RFC 6761), which not every resolver knows.
const lookup = dns.lookup
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest)

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => JSON.parse((await lines.next()).value)
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

/** Has a browser go there; gives where it ended. */
export async function visit(url) {
  say({ open: url.href })
  return new URL((await read()).landed)
}

/** Plays the parties that are asked for, with a key that their applications register. */
export async function play(parties) {
  // Nobody waits for ever for one that hangs.
  setTimeout(() => process.exit(2), 120_000).unref()
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  say({ jwks: { keys: [{ kty, crv, x, y, kid: 'one' }] } })
  const key = { key: pair.privateKey, kid: 'one' }
  for (let told = await read(); told.party; told = await read()) {
    say({ found: await parties[told.party]({ ...told, key }) })
  }
  process.exit(0)
}
