// Copies the text that Python sends, and says so below the button that asked for it.
//
// Python sends { id, turn, text, near }: `near` is the class of that button. Where neither way of
// copying is allowed, Python is sent `turn`.
import css from "./clipboard.css";

const SHOWN_MS = 2000;

let copied; // the id of what was copied last: the same page may be drawn again
let frame; // where it was said last

export default async function mount({ data, parentElement, setTriggerValue }) {
  if (data.id === copied) return;
  copied = data.id;
  const say = speaker(parentElement, data.near);
  if ((await copy(data.text)) || copyByCommand(data.text)) say("Copied");
  else setTriggerValue("failed", data.turn);
}

/** The way for secure contexts: https, or this very machine. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The old way, which needs something selected, and whose text the browser asks for. */
function copyByCommand(text) {
  const focused = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.style.cssText = "position: fixed; top: 0; opacity: 0";
  document.body.append(box);
  const give = (event) => {
    event.clipboardData.setData("text/plain", text); // a text box has line ends of its own
    event.preventDefault();
  };
  document.addEventListener("copy", give, { capture: true, once: true });
  box.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } finally {
    document.removeEventListener("copy", give, { capture: true });
    box.remove();
    focused?.focus({ preventScroll: true });
  }
  return done;
}

/** Says a word in a bubble. The bubble is there before its word: screen readers tell changes. */
function speaker(root, near) {
  frame?.remove();
  const mine = (frame = document.createElement("div"));
  mine.innerHTML = `<style>${css}</style><p role="status"></p>`;
  root.append(mine);
  return (word) => {
    const bubble = mine.lastChild;
    const place = document.getElementsByClassName(near)[0]?.getBoundingClientRect();
    bubble.style.left = `${place?.left ?? 16}px`;
    bubble.style.top = `${place?.bottom ?? 16}px`;
    bubble.textContent = word;
    setTimeout(() => mine.remove(), SHOWN_MS);
  };
}
