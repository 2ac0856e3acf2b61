// Copies the text that Python sends, and confirms it below the button that was clicked.
//
// Python sends { id, turn, text, html, near }: `near` is the class of that button. Programs that
// know formatted text paste the HTML. If the browser allows neither way of copying, `turn` is sent
// back to Python.
import css from "./clipboard.css";

const SHOWN_MS = 2000;

let copied; // the id of the last copy, because the same data may be drawn again
let frame; // the last bubble

export default async function mount({ data, parentElement, setTriggerValue }) {
  if (data.id === copied) return;
  copied = data.id;
  const say = speaker(parentElement, data.near);
  if ((await copy(data)) || copyByCommand(data)) say("Copied");
  else setTriggerValue("failed", data.turn);
}

/** Copy in a secure context: https or localhost. */
async function copy({ text, html }) {
  const kinds = { "text/plain": text, "text/html": html };
  const blobs = Object.entries(kinds).map(([type, of]) => [type, new Blob([of], { type })]);
  try {
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    return true;
  } catch {
    return false;
  }
}

/** Copy the old way: select something, then answer the browser's copy event. */
function copyByCommand({ text, html }) {
  const focused = document.activeElement;
  const box = document.createElement("textarea");
  box.value = text;
  box.style.cssText = "position: fixed; top: 0; opacity: 0";
  document.body.append(box);
  const give = (event) => {
    event.clipboardData.setData("text/plain", text); // a text box changes line ends
    event.clipboardData.setData("text/html", html);
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

/** Show a word in a bubble. The bubble comes first: screen readers announce only changes. */
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
