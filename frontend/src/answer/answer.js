// Draws an answer from its Markdown, and goes on drawing while it grows.
//
// Python sends a growing text in pieces, { id, run, at, text, over }, each an element of its own: the
// first, at 0, shows the answer, the others only bring what comes next. The last piece may grow;
// `over` is true on the last piece of a text that is complete. A run that finds the text complete
// sends it whole, without `run`.
import DOMPurify from "dompurify";

import css from "./answer.css";
import { codeBlock } from "./code.js";
import { useDiagrams } from "./diagram.js";
import { drawFormula } from "./formula.js";
import { grammar } from "./grammar.js";
import { morph } from "./morph.js";
import { keepPlace } from "./place.js";
import { addPolicy } from "./policy.js";
import { settled } from "./settled.js";
import { showTyped } from "./typed.js";

const TAGS =
  "p br em strong s code pre h1 h2 h3 h4 h5 h6 ul ol li blockquote hr div table thead tbody tr th td a sup span details summary";
const ATTRIBUTES = "href rel title class id dir start style data-language";
const ALLOWED = {
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ATTRIBUTES.split(" "),
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
const KEPT = 100; // answers that are not on the page, but may be again

const parser = grammar();
const answers = new Map(); // id → Answer; the least recently used first

class Answer {
  constructor(id) {
    this.pieces = new Map(); // where each begins → { text, over }
    this.run = 0;
    this.isOver = false;
    this.ids = `note-${id.replace(/[^\w-]/g, "-")}`;
    this.element = document.createElement("div");
    this.element.className = "clarifai-answer";
    this.element.addEventListener("click", followNote);
    this.clear();
  }

  clear() {
    this.source = ""; // what is drawn
    this.start = 0; // where the part begins that may still change
    this.finished = 0; // how many nodes are before it
    this.shared = {}; // the definitions and the numbers of footnotes so far
    this.element.replaceChildren();
  }

  /** Take one piece, and draw what is new. They may come in any order, also an old one late. */
  take({ run, at, text, over = false }) {
    if (run < this.run) return;
    if (run !== this.run) this.pieces.clear();
    this.run = run ?? this.run;
    const known = this.pieces.get(at);
    if (known && (known.text.length > text.length || (known.over && !over))) return;
    this.pieces.set(at, { text, over });
    let whole = "";
    let piece;
    while ((piece = this.pieces.get(whole.length))?.text) {
      whole += piece.text;
      this.isOver = piece.over;
    }
    if (whole) this.draw(whole.replace(/\r\n?/g, "\n"));
  }

  draw(text) {
    if (text === this.source && this.isOver === this.isDrawnOver) return;
    if (!text.startsWith(this.source)) this.clear();
    this.source = text;
    this.isDrawnOver = this.isOver;
    const finishedText = text.slice(0, this.start);
    this.parse();
    // A definition may come after what refers to it.
    const { references = {}, notes } = this.shared;
    if (this.isOver && finishedText.includes("[") && (Object.keys(references).length || notes)) {
      this.clear();
      this.source = text;
      this.parse();
    }
  }

  /** Parse what may still change, and draw it; only its last block may change after that. */
  parse() {
    const tail = this.source.slice(this.start);
    const grows = !this.isOver;
    const shown = grows ? settled(tail) : tail;
    const env = { ids: this.ids, grows, references: { ...this.shared.references } };
    env.numbers = new Map(this.shared.numbers);
    const tokens = parser.parse(shown, env);
    Object.assign(this.shared, { references: env.references, notes: this.shared.notes || env.notes });
    const last = grows ? lastBlock(tokens, tail) : 0;
    const html = [tokens.slice(0, last), tokens.slice(last)].map((some) =>
      parser.renderer.render(some, parser.options, env),
    );
    this.replace(html.join(""), !grows);
    if (!last) return;
    this.finish(html[0]);
    this.start += lineStart(tail, tokens[last].map[0]);
    this.shared.numbers = env.numbers;
  }

  /** Make the nodes after the finished ones what the HTML says. */
  replace(html, isLast) {
    const fresh = DOMPurify.sanitize(html, ALLOWED);
    const old = [...this.element.childNodes].slice(this.finished);
    morph(this.element, old, [...fresh.childNodes], (element) => dress(element, isLast));
    if (isLast) this.complete([...this.element.childNodes].slice(this.finished));
  }

  /** Never touch the nodes of this HTML again. */
  finish(html) {
    const count = DOMPurify.sanitize(html, ALLOWED).childNodes.length;
    const nodes = [...this.element.childNodes].slice(this.finished, this.finished + count);
    this.complete(nodes);
    this.finished += count;
  }

  complete(nodes) {
    for (const node of nodes) if (node.nodeType === 1) dress(node, true);
  }
}

/**
 * Return the index of the token that opens the last block that begins on a whole line; 0: none.
 * One that is open may turn out to be text of the paragraph before it.
 */
function lastBlock(tokens, tail) {
  const whole = tail.split("\n").length - 1;
  for (let i = tokens.length - 1; i > 0; i--) {
    const { level, nesting, map, meta, type } = tokens[i];
    if (type === "notes_close") return 0;
    if (!level && nesting >= 0 && map?.[0] < whole && map[0] > 0 && !meta?.isOpen) return i;
  }
  return 0;
}

function lineStart(text, line) {
  let at = 0;
  while (line-- > 0) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

/** Give new elements what Markdown cannot: formulas, colours, buttons, safe links. */
function dress(root, isFinished) {
  const every = (selector) => [
    ...(root.matches(selector) ? [root] : []),
    ...root.querySelectorAll(selector),
  ];
  for (const link of every('a:not([href^="#"])')) link.target = "_blank";
  for (const element of every(".math")) drawFormula(element);
  for (const element of every("pre")) codeBlock(element, isFinished);
}

/** Go to a footnote without changing the page's address. */
function followNote(event) {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link) return;
  event.preventDefault();
  const note = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  note?.scrollIntoView({ block: "center" });
  note?.animate?.([{ opacity: 0.3 }, { opacity: 1 }], 600);
}

function answerOf(id) {
  const answer = answers.get(id) ?? new Answer(id);
  answers.delete(id);
  answers.set(id, answer);
  for (const [key, each] of answers) {
    if (answers.size <= KEPT) break;
    if (!each.element.isConnected) answers.delete(key);
  }
  return answer;
}

function prepare() {
  if (document.getElementById("clarifai-answer-style")) return;
  const style = document.createElement("style");
  style.id = "clarifai-answer-style";
  style.textContent = css;
  document.head.append(style);
  addPolicy();
}

export default function mount({ data, parentElement }) {
  prepare();
  keepPlace(data.chat);
  if (data.typed) return showTyped(parentElement, data);
  if (data.diagrams) useDiagrams(data.diagrams);
  const answer = answerOf(data.id);
  if (data.at === 0 && answer.element.parentElement !== parentElement) {
    parentElement.append(answer.element);
  }
  answer.take(data);
}
