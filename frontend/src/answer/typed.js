// Shows a question as it was typed: no markup, each blank and line, and a long one folded.

const LONG_CHARS = 2500;
const LONG_LINES = 30;
const KEPT = 100; // questions that are not on the page, but may be again

const shown = new Map(); // id → element: one that moves on the page stays the same

export function showTyped(parent, { id, text }) {
  let element = shown.get(id);
  if (element?.firstChild.textContent !== text) {
    element?.remove();
    element = typed(text);
    shown.set(id, element);
  }
  if (element.parentElement !== parent) parent.append(element);
  for (const [other, { isConnected }] of shown) {
    if (shown.size <= KEPT) break;
    if (!isConnected) shown.delete(other);
  }
}

function typed(text) {
  const element = document.createElement("div");
  element.className = "clarifai-typed";
  const words = document.createElement("div");
  words.dir = "auto";
  words.textContent = text;
  element.append(words);
  if (text.length > LONG_CHARS || text.split("\n").length > LONG_LINES) fold(element);
  return element;
}

function fold(element) {
  const button = document.createElement("button");
  button.type = "button";
  const set = (isFolded) => {
    element.classList.toggle("folded", isFolded);
    button.setAttribute("aria-expanded", String(!isFolded));
    button.textContent = isFolded ? "Show all" : "Show less";
  };
  button.addEventListener("click", () => set(!element.classList.contains("folded")));
  set(true);
  element.append(button);
}
