// Gives a block of code its language, a button that copies it, and colours; draws diagrams.
import hljs from "highlight.js/lib/common";

import { drawDiagram } from "./diagram.js";

const GROWING_CHARS = 8000; // a longer block is coloured once it is whole
const SHOWN_MS = 2000;

export function codeBlock(pre, isFinished) {
  const code = pre.querySelector("code");
  const language = pre.dataset.language ?? "";
  if (!pre.dataset.dressed) {
    pre.dataset.dressed = "1";
    code.tabIndex = 0; // so that keys scroll it
    pre.dir = "ltr";
    pre.prepend(bar(language, code));
  }
  const known = hljs.getLanguage(language);
  const isDue = isFinished || code.textContent.length < GROWING_CHARS;
  if (known && isDue && !code.firstElementChild) {
    code.innerHTML = hljs.highlight(code.textContent, { language, ignoreIllegals: true }).value;
  }
  if (isFinished && language === "mermaid") drawDiagram(pre, code.textContent);
}

function bar(language, code) {
  const element = document.createElement("div");
  element.className = "code-bar";
  const name = document.createElement("span");
  name.textContent = language;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy code");
  button.addEventListener("click", async () => {
    button.textContent = (await copy(code.textContent)) ? "Copied" : "Not allowed here";
    setTimeout(() => (button.textContent = "Copy"), SHOWN_MS);
  });
  element.append(name, button);
  return element;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
