// Guards every text box of the page against what would lose words on their way to the server.

const HALVES = /\p{Surrogate}/gu; // of characters, without their other half
const KINDS = [HTMLTextAreaElement, HTMLInputElement];
const TEXTS = ["textarea", "text", "search", "url", "email", "tel", "password"];

export function guardTyping() {
  addEventListener("keydown", confirmOnly, true);
  addEventListener("input", repairPasted, true);
}

/** Replace half characters: Streamlit's connection breaks at a message that holds one. */
export function whole(text) {
  return text.replace(HALVES, "\ufffd");
}

/** Change a box's text past React, so that React takes the next `input` event as a change. */
export function write(box, text) {
  const kind = KINDS.find((each) => box instanceof each);
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(box, text);
}

/** Keep Enter from sending when it confirms what an input method suggests.
 *
 * Streamlit looks at `isComposing`. Safari ends the composition before it reports the key, and
 * only the key's code says that the input method has used it.
 */
function confirmOnly(event) {
  if (event.key === "Enter" && event.keyCode === 229 && isTextBox(event.target)) {
    event.stopImmediatePropagation();
  }
}

/** Replace half characters in what was pasted; a typed one may be waiting for its other half. */
function repairPasted({ target: box, inputType, isComposing }) {
  if (isComposing || inputType === "insertText" || !isTextBox(box)) return;
  const text = whole(box.value);
  if (text === box.value) return;
  const { selectionStart, selectionEnd } = box;
  write(box, text);
  if (selectionStart !== null) box.setSelectionRange(selectionStart, selectionEnd);
}

function isTextBox(element) {
  return KINDS.some((each) => element instanceof each) && TEXTS.includes(element.type);
}
