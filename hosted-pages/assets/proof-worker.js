// Looks for the number whose derived key begins as the challenge says (ALTCHA, version 2, PBKDF2).

const LONGEST = 90 * 1000
const AT_ONCE = 4

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("")

async function derive({ cost, keyLength }, nonce, salt, counter) {
  const password = new Uint8Array(nonce.length + 4)
  password.set(nonce)
  new DataView(password.buffer).setUint32(nonce.length, counter)
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"])
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: cost }
  return hex(await crypto.subtle.deriveBits(how, key, keyLength * 8))
}

async function solve(text) {
  const { parameters } = JSON.parse(atob(text.replace(/-/g, "+").replace(/_/g, "/")))
  const [nonce, salt] = [bytes(parameters.nonce), bytes(parameters.salt)]
  const until = Date.now() + LONGEST
  for (let counter = 0; Date.now() < until; counter += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, n) => derive(parameters, nonce, salt, counter + n))
    const found = (await Promise.all(some)).findIndex((key) => key.startsWith(parameters.keyPrefix))
    if (found >= 0) return `${counter + found}.${await some[found]}`
  }
  return ""
}

onmessage = ({ data }) => solve(data).then(postMessage, () => postMessage(""))
