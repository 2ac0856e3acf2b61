// Syncs the editor with Python, and never loses what is typed.
//
// Python sends { text, gen, marks, label, help, around_px, key }; the browser sends { text, gen }.
// `gen` counts how often the app itself changed the text. While it stays the same, the editor is
// ahead of Python and its text is never touched; when it changes, the app's text goes in.
//
// A plain text box is drawn at once. CodeMirror, from a mount of its own (codemirror.js), replaces
// it once loaded; if it cannot run, the text box stays and works the same way.
import { codemirror } from "./meeting.js";
import css from "./mount.css";
import { plainText } from "./plain.js";

const TYPING_PAUSE_MS = 400;

const keepers = new WeakMap(); // a mount's parent element → its keeper
const parked = new Map(); // key → text that Python did not receive before the page was left

class Keeper {
  constructor(root, data) {
    const left = parked.get(data.key);
    parked.delete(data.key);
    const goesOn = left?.gen === data.gen && left.known === data.text;
    this.key = data.key;
    this.gen = data.gen;
    this.known = data.text; // Python's text when it last drew
    this.sent = data.text; // Python's text, including what is on its way
    this.root = root;
    this.frame = frame(root, data);
    this.surface = plainText(this.surroundings(), goesOn ? left.text : data.text);
    this.listen();
    codemirror().promise.then((surface) => this.use(surface));
    if (goesOn) this.changed();
  }

  surroundings() {
    return {
      root: this.root,
      box: this.frame.box,
      described: this.frame.described,
      onChange: () => this.changed(),
      onSend: () => this.flush(),
    };
  }

  /** Replace the text box with CodeMirror, keeping text, cursor and focus. */
  use(codemirrorSurface) {
    const plain = this.surface;
    if (this.ended) return;
    try {
      this.surface = codemirrorSurface(this.surroundings(), plain.text());
    } catch (fault) {
      console.error(fault);
      return;
    }
    plain.moveTo(this.surface);
    if (this.surface.text() !== this.sent) this.changed();
    this.judge();
  }

  listen() {
    const options = { signal: (this.listening = new AbortController()).signal, capture: true };
    const flush = () => this.flush();
    this.root.addEventListener("focusout", flush, options);
    // Streamlit sends on its next tick, with the page of that moment: a flush in a link's click
    // event would undo the page change. So flush on pointerdown; end() parks what that misses.
    addEventListener("pointerdown", (event) => this.isOutside(event) && flush(), options);
    document.addEventListener("visibilitychange", flush, options);
  }

  isOutside(event) {
    return !event.composedPath().includes(this.root);
  }

  changed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), TYPING_PAUSE_MS);
  }

  flush() {
    clearTimeout(this.timer);
    const text = this.surface.text();
    if (text === this.sent) return;
    this.sent = text;
    this.surface.remember();
    this.send({ text, gen: this.gen });
  }

  /** Apply what Python has drawn: the app's new text, or marks for the text that was sent. */
  take(data, send) {
    this.send = send;
    this.data = data;
    this.known = data.text;
    this.frame.show(data);
    if (data.gen !== this.gen) {
      clearTimeout(this.timer);
      this.gen = data.gen;
      this.sent = data.text;
      this.surface.replace(data.text);
      this.surface.remember();
    }
    this.judge();
  }

  /** Show the marks, unless they are for an older text: newer ones will follow. */
  judge() {
    if (this.data?.text === this.sent) this.surface.mark(this.data.marks);
  }

  end() {
    clearTimeout(this.timer);
    this.ended = true;
    this.listening.abort();
    const text = this.surface.text();
    if (text !== this.known) parked.set(this.key, { gen: this.gen, known: this.known, text });
    this.surface.end();
    this.frame.end();
    keepers.delete(this.root);
  }
}

/** Build the label, the styles, the help and the box for a text surface. */
function frame(root, data) {
  const element = document.createElement("div");
  element.className = "frame";
  element.innerHTML = `<style></style><label for="text"></label><div class="box"></div><p></p>`;
  const [style, label, box, help] = element.children;
  style.textContent = css;
  label.id = "label";
  help.id = "help";
  root.append(element);
  const show = ({ label: name, help: text, around_px: around }) => {
    label.textContent = name;
    help.textContent = text;
    box.style.setProperty("--around", `${around}px`);
  };
  show(data);
  const described = { "aria-labelledby": "label", "aria-describedby": "help" };
  return { box, described, show, end: () => element.remove() };
}

export default function mount({ data, parentElement, setStateValue }) {
  let keeper = keepers.get(parentElement);
  if (!keeper) keepers.set(parentElement, (keeper = new Keeper(parentElement, data)));
  keeper.take(data, (typed) => setStateValue("typed", typed));
  return () => keeper.end();
}
