// The command palette: a dialog with a combobox over a listbox. The search page does the same without it.
const palette = document.getElementById("palette")
const opener = document.getElementById("palette-open")
if (palette && opener && palette.showModal) {
  const field = palette.querySelector("input")
  const list = palette.querySelector("[role=listbox]")
  const status = palette.querySelector("[role=status]")
  let chosen = -1
  let waiting
  let asked

  const choose = (at) => {
    const options = [...list.children]
    chosen = options.length ? (at + options.length) % options.length : -1
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)))
    if (chosen < 0) return field.removeAttribute("aria-activedescendant")
    field.setAttribute("aria-activedescendant", options[chosen].id)
    options[chosen].scrollIntoView({ block: "nearest" })
  }
  const show = (pages) => {
    list.replaceChildren(...pages.map((page, index) => {
      const option = document.createElement("li")
      option.id = `palette-${index}`
      option.setAttribute("role", "option")
      option.dataset.href = page.href
      const of = document.createElement("span")
      of.className = "hint"
      of.textContent = page.of
      option.append(page.label, " ", of)
      return option
    }))
    field.setAttribute("aria-expanded", String(pages.length > 0))
    status.textContent = pages.length ? "" : status.dataset.none
    choose(0)
  }
  const ask = async () => {
    asked?.abort()
    asked = new AbortController()
    const query = new URLSearchParams({ q: field.value, at: palette.dataset.at })
    try {
      const answer = await fetch(`/search/entries?${query}`, { signal: asked.signal, redirect: "error" })
      if (!answer.ok) throw new Error(answer.statusText)
      show((await answer.json()).items)
    } catch (error) {
      // Whoever is signed out meanwhile signs in on the way to the search page.
      if (error.name !== "AbortError") location.assign(`/search?q=${encodeURIComponent(field.value)}`)
    }
  }
  const open = () => {
    if (palette.open) return
    field.value = ""
    palette.showModal()
    field.focus()
    ask()
  }
  const go = (option) => { if (option) location.assign(option.dataset.href) }

  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    open()
  })
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    event.preventDefault()
    if (palette.open) palette.close(); else open()
  })
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120) })
  field.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: -1 }
    if (event.key in moves) { event.preventDefault(); choose(moves[event.key]) }
    if (event.key === "Enter") { event.preventDefault(); go(list.children[chosen]) }
  })
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")))
  // A click beside it closes it, as Escape does; the browser gives the focus back to where it was.
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close() })
}
