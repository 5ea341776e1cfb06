// The console's only script. Every page works without it.

// Live progress: /tenants/{slug}/events tells each step as it starts and ends.
for (const list of document.querySelectorAll("[data-events]")) {
  for (const hint of document.querySelectorAll(".only-without-script")) hint.hidden = true
  const events = new EventSource(list.dataset.events)
  const reload = () => { events.close(); location.reload() }
  const follow = (event) => {
    let news
    try { news = JSON.parse(event.data) } catch { return }
    if (news.step === "done" || news.step === "failed") return reload()
    const item = [...list.children].find((child) => child.dataset.step === news.step)
    const words = list.dataset[news.status]
    if (!item || !words) return
    item.dataset.status = news.status
    item.querySelector(".step-status").textContent = words
  }
  events.addEventListener("message", follow)
  events.addEventListener("step", follow)
  // The stream ends when there is nothing more to tell, or when the connection broke: look again.
  events.addEventListener("error", () => { events.close(); setTimeout(() => location.reload(), 1500) })
}

// An import of people: each event says how far it is, and the last one shows the page of one that is over.
for (const card of document.querySelectorAll("[data-progress]")) {
  for (const hint of document.querySelectorAll(".only-without-script")) hint.hidden = true
  const bar = document.getElementById("done")
  const write = (id, words) => { document.getElementById(id).textContent = words }
  const events = new EventSource(card.dataset.progress)
  events.addEventListener("progress", (event) => {
    let news
    try { news = JSON.parse(event.data) } catch { return }
    if (news.state !== "running") { events.close(); return location.reload() }
    bar.max = news.total
    bar.value = news.done
    const words = card.dataset.ofTotal.replace("#1", news.done).replace("#2", news.total)
    bar.textContent = words
    write("of-total", words)
    for (const what of ["created", "updated", "skipped"]) write(what, news[what])
  })
  // A stream that ended or broke is taken up by the browser; one that is refused is asked for later.
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000)
  })
}

// Copy buttons show only where copying works.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy)
    const label = button.textContent
    button.hidden = false
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = button.dataset.copied
      setTimeout(() => { button.textContent = label }, 2000)
    })
  }
}

// The preview of a look follows what is typed; what cannot be shown leaves it as it is.
const preview = document.getElementById("preview")
if (preview) {
  const asked = document.getElementById("preview-form")
  const typed = document.getElementById("branding-form")
  const base = preview.getAttribute("src").split("?")[0]
  let waiting
  const show = () => {
    const query = new URLSearchParams(new FormData(asked))
    if (typed) {
      const own = `${query.get("in")}_`
      query.set("live", "1")
      for (const [name, value] of new FormData(typed)) {
        if (name.startsWith(own)) query.set(name.slice(own.length), value)
        else if (name.endsWith("_color") || name.endsWith("_color_dark") || name === "radius") query.set(name, value)
      }
    }
    preview.src = `${base}?${query}`
  }
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(show, 300) }
  for (const form of [asked, typed]) form?.addEventListener("input", soon)
  asked.addEventListener("submit", (event) => { event.preventDefault(); show() })
}
