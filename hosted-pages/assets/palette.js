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
  // What the list shows, and what it will show.
  let answer = Promise.resolve()

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
    status.textContent = pages.length || !field.value ? "" : status.dataset.none
    choose(0)
  }
  const find = async (signal) => {
    const query = new URLSearchParams({ q: field.value, at: palette.dataset.at })
    try {
      const found = await fetch(`/search/entries?${query}`, { signal, redirect: "manual" })
      // Whoever is signed out meanwhile signs in on the way to the search page.
      if (found.type === "opaqueredirect") return location.assign(`/search?q=${encodeURIComponent(field.value)}`)
      if (!found.ok) throw new Error(found.statusText)
      show((await found.json()).items)
    } catch (error) {
      // The page stays as it is, with all that was typed into it.
      if (error.name !== "AbortError") show([])
    }
  }
  const ask = () => {
    clearTimeout(waiting)
    waiting = undefined
    asked?.abort()
    asked = new AbortController()
    answer = find(asked.signal)
  }
  const open = () => {
    if (palette.open) return
    field.value = ""
    show([])
    palette.showModal()
    field.focus()
    ask()
  }
  const go = (option) => { if (option) location.assign(option.dataset.href) }
  // To what was typed, not to what was found for what was typed before.
  const enter = async () => {
    if (waiting) ask()
    await answer
    if (palette.open) go(list.children[chosen])
  }

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
    // Enter also ends what an input method composes.
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); enter() }
  })
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")))
  // A click beside it closes it, as Escape does; the browser gives the focus back to where it was.
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close() })
}
