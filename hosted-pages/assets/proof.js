// A piece of work before the next code. The form below it works without this script: by waiting.

const form = document.querySelector("form[data-worker]")

// Says one of the form's own sentences, and no other.
function say(name) {
  for (const line of form.querySelectorAll("[data-say]")) line.hidden = line.dataset.say !== name
}

if (form && window.Worker && window.crypto?.subtle) {
  const worker = new Worker(form.dataset.worker)
  say("works")
  worker.onerror = () => say("waits")
  worker.onmessage = ({ data }) => {
    if (!data) return say("waits")
    form.elements.solution.value = data
    form.submit()
  }
  worker.postMessage(form.elements.challenge.value)
}
