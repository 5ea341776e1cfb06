// Passkeys. Every page works without this script: by code, and by skipping the offer.

const KEY = window.PublicKeyCredential
const GROWN_OLD = 4 * 60 * 1000

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")

// What the server asks for, with bytes where the browser wants bytes.
async function ask(form, quietly) {
  const fields = new URLSearchParams(new FormData(form))
  if (quietly) fields.set("quietly", "1")
  const answer = await fetch(form.dataset.options, { method: "POST", body: fields })
  if (!answer.ok) throw new Error("refused")
  const options = await answer.json()
  options.challenge = bytes(options.challenge)
  if (options.user) options.user.id = bytes(options.user.id)
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const known of list ?? []) known.id = bytes(known.id)
  }
  return options
}

// What the browser answers, as RegistrationResponseJSON or AuthenticationResponseJSON.
function written(credential) {
  const { response } = credential
  const out = { clientDataJSON: text(response.clientDataJSON) }
  if (response.attestationObject) {
    out.attestationObject = text(response.attestationObject)
    out.transports = response.getTransports?.() ?? []
  } else {
    out.authenticatorData = text(response.authenticatorData)
    out.signature = text(response.signature)
    out.userHandle = response.userHandle ? text(response.userHandle) : null
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: out, clientExtensionResults: {},
  })
}

function send(form, credential) {
  form.elements.credential.value = written(credential)
  form.submit()
}

// Says one of the form's own sentences, and no other.
function say(form, name) {
  for (const line of form.querySelectorAll("[data-say]")) line.hidden = line.dataset.say !== name
}

let waiting

// Passkeys among the suggestions of the address field.
async function autofill(form) {
  if (!await KEY.isConditionalMediationAvailable?.()) return
  const mine = waiting = new AbortController()
  try {
    const publicKey = await ask(form)
    setTimeout(() => { if (waiting === mine) { mine.abort(); autofill(form) } }, GROWN_OLD)
    send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: mine.signal }))
  } catch { /* Nothing was chosen. */ }
}

async function signIn(form) {
  waiting?.abort()
  waiting = undefined
  say(form)
  try {
    send(form, await navigator.credentials.get({ publicKey: await ask(form) }))
  } catch (error) {
    say(form, error.name === "NotAllowedError" ? "stopped" : "failed")
    autofill(form)
  }
}

async function create(form) {
  waiting?.abort()
  say(form)
  try {
    send(form, await navigator.credentials.create({ publicKey: await ask(form) }))
  } catch (error) {
    say(form, { InvalidStateError: "known", NotAllowedError: "stopped" }[error.name] ?? "failed")
  }
}

// Where the browser can, it makes a passkey by itself, right after a sign-in that it helped with.
async function createQuietly(form) {
  const can = await KEY.getClientCapabilities?.().catch(() => undefined)
  if (!can?.conditionalCreate) return
  const mine = waiting = new AbortController()
  try {
    const publicKey = await ask(form, true)
    send(form, await navigator.credentials.create({ publicKey, mediation: "conditional", signal: mine.signal }))
  } catch { /* It would rather not. */ }
}

// Tells the browser which passkeys still work, so that it takes others off its list.
function signal() {
  const told = document.querySelector("[data-signals]")?.dataset.signals
  if (told) {
    const { rpId, userId, allAcceptedCredentialIds, name, displayName } = JSON.parse(told)
    KEY.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {})
    KEY.signalCurrentUserDetails?.({ rpId, userId, name, displayName }).catch(() => {})
  }
  const gone = document.querySelector("[data-gone]")?.dataset
  if (gone) KEY.signalUnknownCredential?.({ rpId: gone.rp, credentialId: gone.gone }).catch(() => {})
}

if (KEY && navigator.credentials) {
  signal()
  for (const form of document.querySelectorAll("[data-passkey]")) {
    const button = form.querySelector("button[type=button]")
    form.hidden = false
    if (form.dataset.passkey === "get") {
      button.addEventListener("click", () => signIn(form))
      // One that just failed would be suggested again.
      if (!("tried" in form.dataset)) autofill(form)
    } else {
      button.addEventListener("click", () => create(form))
      if (form.dataset.passkey === "offer") createQuietly(form)
    }
  }
} else {
  for (const line of document.querySelectorAll("[data-unsupported]")) line.hidden = false
}
