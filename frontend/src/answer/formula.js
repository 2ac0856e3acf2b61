// Draws formulas with KaTeX, which is loaded with the first of them.

const MARKS = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["\\(", "\\)", false],
  ["$", "$", false],
];
const ENVIRONMENT = ["", "", true];
const LONG_CHARS = 40;
const LONG_EMS = 12;
const KEPT = 2000;
const drawn = new Map(); // a formula is often drawn again
let katex;

function load() {
  katex ??= import("./katex.js").then((module) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("./katex.css", import.meta.url).href;
    document.head.append(link);
    return (katex = module.draw);
  });
  return katex;
}

export function drawFormula(element) {
  if (element.dataset.source) return;
  const source = element.textContent;
  element.dataset.source = source;
  if (typeof katex === "function") inTime(() => show(element, source));
  else load().then(() => inTime(() => show(element, source)));
}

const TURN_MS = 50;
let waiting = [];
let ends = 0; // when this turn is over

/** Do it at once, or in a later turn if this one has taken long: the page must not stand still. */
function inTime(work) {
  if (!ends) {
    ends = performance.now() + TURN_MS;
    setTimeout(goOn);
  }
  if (!waiting.length && performance.now() < ends) work();
  else waiting.push(work);
}

function goOn() {
  ends = performance.now() + TURN_MS;
  let done = 0;
  while (done < waiting.length && performance.now() < ends) waiting[done++]();
  waiting = waiting.slice(done);
  if (waiting.length) setTimeout(goOn);
  else ends = 0;
}

function show(element, source) {
  const isBlock = element.tagName === "DIV";
  const key = `${isBlock} ${source}`;
  if (!drawn.has(key)) {
    if (drawn.size > KEPT) drawn.clear();
    drawn.set(key, draw(source, isBlock));
  }
  const html = drawn.get(key);
  if (html) element.innerHTML = html; // made by KaTeX, which trusts nothing in it
  if (isLong(element, html)) element.classList.add("long"); // it scrolls, and has no base line
}

/** Return whether a formula may be wider than a phone; to measure it would cost a layout. */
function isLong(element, html) {
  let ems = 0;
  for (const [, size] of html.matchAll(/(?:width|margin-\w+|left):(\d+(?:\.\d+)?)em/g)) ems += +size;
  const words = element.querySelector(".katex-html") ?? element;
  return ems > LONG_EMS || html.includes("mtable") || words.textContent.length > LONG_CHARS;
}

/** Return the formula's HTML; "" if it is not TeX, or not whole so far: then it stays as written. */
function draw(source, isBlock) {
  let text = source.trim();
  const [open, close, isDisplay] = MARKS.find(([mark]) => text.startsWith(mark)) ?? ENVIRONMENT;
  const stop = !text.endsWith(close || "}") && /[.,;:]$/.test(text) ? text.at(-1) : "";
  text = text.slice(open.length, text.length - stop.length);
  if (!text.endsWith(close)) return "";
  const tex = text.slice(0, text.length - close.length) + stop;
  if (isDisplay && !isBlock) return drawnAs(`\\displaystyle ${tex}`, false) || drawnAs(tex, true);
  return drawnAs(tex, isDisplay);
}

function drawnAs(tex, isDisplay) {
  try {
    return katex(tex, isDisplay);
  } catch {
    return "";
  }
}
