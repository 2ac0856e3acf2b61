// Shows a question as it was typed: no markup, each blank and line, and a long one folded.

const LONG_CHARS = 2500;
const LONG_LINES = 30;

export function showTyped(parent, text) {
  const shown = parent.querySelector(":scope > .clarifai-typed");
  if (shown?.firstChild.textContent === text) return;
  shown?.remove();
  const element = document.createElement("div");
  element.className = "clarifai-typed";
  const words = document.createElement("div");
  words.dir = "auto";
  words.textContent = text;
  element.append(words);
  if (text.length > LONG_CHARS || text.split("\n").length > LONG_LINES) fold(element);
  parent.append(element);
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
