// The Markdown of answers. clarifai_chat/markdown/grammar.py and rendered.py are the same in
// Python, with the reasons; tests/test_both_grammars.py compares what the two draw.
import MarkdownIt from "markdown-it";
import Token from "markdown-it/lib/token.mjs";

import * as folds from "./folds.js";
import * as formulas from "./formulas.js";

const { escapeHtml, unescapeAll, isMdAsciiPunct, isPunctChar, isWhiteSpace } = new MarkdownIt().utils;
const { lineOf } = formulas;

export const REL = "noopener noreferrer nofollow";
const SAFE_TARGET = /^(?:https?:\/\/|mailto:)[^\s\x00-\x1f]+$/i;
const IS_CJK = new RegExp(
  "^[\\u1100-\\u11ff\\u2e80-\\u303f\\u3040-\\ua4cf\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff" +
    "\\ufe30-\\ufe6f\\uff00-\\uffef\\u{16fe0}-\\u{18fff}\\u{1aff0}-\\u{1b2ff}\\u{1f200}-\\u{1f2ff}" +
    "\\u{20000}-\\u{3ffff}]",
  "u",
);
const TEXT_ENDS = /[\n!#$%&*+\-:<=>@[\\\]^_`{}~]|(?<![0-9A-Za-z])(?:https?:\/\/|www\.)/gi;
const ADDRESS =
  /(?:https?:\/\/|www\.)(?=[0-9A-Za-z\u00a1-\u1fff\u2c00-\uffff])[^\s\x00-\x20\x7f<>"`[\]\\\u00ab\u00bb\u060c\u061b\u061f\u06d4\u0964\u0965\u2018-\u201f\u2026\u2039\u203a\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/iy;
const LONG_NAME = /(?:https?:\/\/|www\.)[^/?#\s]{256}/iy;
const ENTITY = /&[0-9A-Za-z]+;$/;
const MOST_MARKS = 2000;
const PLAIN = ["text", "softbreak", "hardbreak"];
const OPEN_NESTS = 20; // that have no end: each is searched up to the end of the text
const NOTE = /\[\^([^\s[\]^]+)\]/y;
const TILDES = /~{3,}/y;
const SHORT = 16; // of a cell's characters: it is never broken
const TASK = /^\[([ xX])\][ \t\n]+(?=\S)/;
const BLANK = /[\s\x1c-\x1f\x85]/;
const BREAK = /<br *\/?>\n?/iy;

function at(pattern, text, place) {
  pattern.lastIndex = place;
  return pattern.exec(text);
}

/** Return the parser. Its environment may say `grows`: the text is still arriving. */
export function grammar() {
  const parser = new MarkdownIt("commonmark", { html: false, breaks: true, xhtmlOut: false });
  parser.enable("strikethrough");
  parser.disable(["html_block", "html_inline"]);
  const core = parser.core.ruler;
  const block = parser.block.ruler;
  const inline = parser.inline.ruler;
  const strikethrough = inline.__rules__.find((rule) => rule.name === "strikethrough").fn;
  const table = block.__rules__.find((rule) => rule.name === "table").fn;

  core.before("block", "unfold", folds.unfold);
  core.before("block", "hide_bars", formulas.hideBars);
  core.after("block", "show_bars", formulas.showBars);
  core.after("show_bars", "add_notes", addNotes);
  core.after("add_notes", "refold", folds.refold);
  core.after("refold", "trim", trim);
  core.after("inline", "sort_notes", sortNotes);
  core.push("crowded", crowded);
  core.push("tasks", tasks);
  core.push("directions", directions);

  const ends = { alt: ["paragraph", "reference", "blockquote", "list"] };
  block.before("code", "note", note, { alt: ["paragraph", "reference"] });
  block.before("code", "formula", formulas.block, ends);
  block.before("fence", "nested_fence", nestedFence, ends);
  block.before("fence", "fold", folds.fold, ends);
  block.before("lheading", "late_table", table, { alt: ["paragraph", "reference"] });

  inline.at("text", text);
  inline.at("emphasis", emphasis);
  inline.at("strikethrough", (state, silent) => tildes(state, silent) || strikethrough(state, silent));
  inline.before("escape", "formula", formulas.inline);
  inline.before("link", "note", noteMark);
  inline.before("autolink", "break", lineBreak);
  inline.after("text", "address", address);
  parser.validateLink = (target) => SAFE_TARGET.test(target);
  Object.assign(parser.renderer.rules, renderRules);
  return parser;
}

// Rules for blocks

function isCode(state, line) {
  return state.sCount[line] - state.blkIndent >= 4;
}

function nestedFence(state, start, end, silent) {
  const opening = isCode(state, start) ? null : folds.FENCE.exec(lineOf(state, start));
  if (!opening || !folds.NEST.includes(opening[2].trim().toLowerCase())) return false;
  if (state.env.openNests > OPEN_NESTS) return false;
  const mark = opening[1];
  let depth = 1;
  let line = start;
  while (depth && ++line < end) {
    const content = lineOf(state, line);
    if (content && state.sCount[line] < state.blkIndent) break;
    const inner = folds.FENCE.exec(content);
    if (inner && inner[1][0] === mark[0] && inner[1].length >= mark.length) {
      depth += inner[2].trim() ? 1 : -1;
    }
  }
  if (depth) state.env.openNests = (state.env.openNests ?? 0) + 1;
  if (depth && !state.env.grows) return false;
  if (silent) return true;
  state.line = depth ? line : Math.min(line + 1, end);
  const token = state.push("fence", "code", 0);
  Object.assign(token, { info: opening[2], markup: mark, map: [start, state.line] });
  token.content = state.getLines(start + 1, line, state.sCount[start], true);
  return true;
}

function note(state, start, end, silent) {
  if (isCode(state, start) || state.env.inNote) return false;
  const content = lineOf(state, start);
  const mark = at(NOTE, content, 0);
  if (!mark || content[mark[0].length] !== ":") return false;
  if (silent) return true;
  let begin = state.bMarks[start] + state.tShift[start] + mark[0].length + 1;
  while (begin < state.eMarks[start] && " \t".includes(state.src[begin])) begin++;
  let last = start;
  for (let after = start + 1; after < end; after++) {
    if (state.isEmpty(after)) continue;
    if (state.sCount[after] < state.blkIndent + 2) break;
    last = after;
  }
  const was = [state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent];
  const outer = [state.tokens, state.parentType, state.lineMax];
  [state.tokens, state.parentType, state.lineMax] = [[], "blockquote", last + 1];
  [state.bMarks[start], state.tShift[start]] = [begin, 0];
  let indent = 4;
  for (let line = start + 1; line <= last; line++) {
    if (!state.isEmpty(line)) indent = Math.min(indent, state.sCount[line] - state.blkIndent);
  }
  state.sCount[start] = state.blkIndent += indent;
  state.env.inNote = true;
  state.md.block.tokenize(state, start, last + 1);
  state.env.inNote = false;
  const notes = (state.env.notes ??= new Map());
  if (!notes.has(mark[1])) notes.set(mark[1], state.tokens);
  [state.bMarks[start], state.tShift[start], state.sCount[start], state.blkIndent] = was;
  [state.tokens, state.parentType, state.lineMax] = outer;
  state.line = last + 1;
  return true;
}

// Rules for lines

function text(state, silent) {
  const found = at(TEXT_ENDS, state.src, state.pos);
  const end = found ? Math.min(found.index, state.posMax) : state.posMax;
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

function address(state, silent) {
  if (state.linkLevel || !/[hw]/i.test(state.src[state.pos])) return false;
  if (state.pos && /[0-9A-Za-z]/.test(state.src[state.pos - 1])) return false;
  if (at(LONG_NAME, state.src, state.pos)) return false;
  const found = at(ADDRESS, state.src, state.pos);
  if (!found) return false;
  const address = withoutPunctuation(found[0].slice(0, state.posMax - state.pos));
  const target = state.md.normalizeLink(address.includes("://") ? address : `http://${address}`);
  if (!/[/.][^/.]/.test(address) || !state.md.validateLink(target)) return false;
  if (!silent) {
    const token = state.push("link_open", "a", 1);
    token.attrs = [
      ["href", target],
      ["dir", "ltr"],
    ];
    token.markup = "address";
    state.push("text", "", 0).content = address;
    state.push("link_close", "a", -1).markup = "address";
  }
  state.pos += address.length;
  return true;
}

function withoutPunctuation(address) {
  let end = address.length;
  let unopened = address.split(")").length - address.split("(").length;
  while (end) {
    const last = address[end - 1];
    if (last === ";") {
      const entity = ENTITY.exec(address.slice(Math.max(0, end - 40), end));
      end -= entity ? entity[0].length : 1;
    } else if ("?!.,:*_~'|$".includes(last) || (last === ")" && unopened > 0)) {
      if (last === ")") unopened--;
      end--;
    } else break;
  }
  return address.slice(0, end);
}

function emphasis(state, silent) {
  const marker = state.src[state.pos];
  if (silent || !"*_".includes(marker)) return false;
  const [open, close, length] = flanks(state, marker);
  for (let i = 0; i < length; i++) {
    state.push("text", "", 0).content = marker;
    const token = state.tokens.length - 1;
    state.delimiters.push({ marker: marker.charCodeAt(0), length, token, end: -1, open, close });
  }
  state.pos += length;
  return true;
}

function flanks(state, marker) {
  const start = state.pos;
  let end = start;
  while (end < state.posMax && state.src[end] === marker) end++;
  const before = start ? charBefore(state.src, start) : " ";
  const after = end < state.posMax ? String.fromCodePoint(state.src.codePointAt(end)) : " ";
  const blankBefore = isWhiteSpace(before.codePointAt(0));
  const blankAfter = isWhiteSpace(after.codePointAt(0));
  const markBefore = isMark(before);
  const markAfter = isMark(after);
  const cjkBefore = IS_CJK.test(before);
  const cjkAfter = IS_CJK.test(after);
  const opens =
    !blankAfter && (!(markAfter && !cjkAfter) || blankBefore || markBefore || cjkBefore);
  const closes =
    !blankBefore && (!(markBefore && !cjkBefore) || blankAfter || markAfter || cjkAfter);
  if (marker === "*") return [opens, closes, end - start];
  return [opens && (!closes || markBefore), closes && (!opens || markAfter), end - start];
}

function tildes(state, silent) {
  const many = !silent && state.src[state.pos] === "~" && at(TILDES, state.src, state.pos);
  if (!many) return false;
  const length = Math.min(many[0].length, state.posMax - state.pos);
  if (length < 3) return false;
  state.pending += many[0].slice(0, length);
  state.pos += length;
  return true;
}

function charBefore(src, place) {
  const low = src.charCodeAt(place - 1);
  const pair = low >= 0xdc00 && low <= 0xdfff && place > 1 ? src.slice(place - 2, place) : "";
  return [...pair].length === 1 ? pair : src[place - 1];
}

function isMark(char) {
  return isMdAsciiPunct(char.codePointAt(0)) || isPunctChar(char);
}

function lineBreak(state, silent) {
  const found = state.src[state.pos] === "<" && at(BREAK, state.src, state.pos);
  if (!found || BREAK.lastIndex > state.posMax) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
}

function noteMark(state, silent) {
  const found = state.src[state.pos] === "[" && at(NOTE, state.src, state.pos);
  if (!found || NOTE.lastIndex > state.posMax) return false;
  const known = state.env.notes?.has(found[1]) ?? false;
  if (!known && !state.env.grows) return false;
  if (!silent) {
    const numbers = (state.env.numbers ??= new Map());
    if (!numbers.has(found[1])) numbers.set(found[1], numbers.size + 1);
    const token = state.push("note_mark", "", 0);
    token.content = found[1];
    token.meta = { number: numbers.get(found[1]), known };
  }
  state.pos += found[0].length;
  return true;
}

// Rules for the whole

function addNotes(state) {
  for (const [label, tokens] of state.env.notes ?? []) {
    const opening = new Token("note_open", "li", 1);
    opening.meta = { label };
    state.tokens.push(opening, ...tokens, new Token("note_close", "li", -1));
  }
}

function trim(state) {
  for (const token of state.tokens) {
    if (token.type === "inline") token.content = trimmed(token.content);
  }
}

function trimmed(content) {
  let start = 0;
  let end = content.length;
  while (start < end && BLANK.test(content[start])) start++;
  while (start < end && BLANK.test(content[end - 1])) end--;
  return content.slice(start, end);
}

function sortNotes(state) {
  if (!state.env.notes) return;
  const numbers = (state.env.numbers ??= new Map());
  const groups = new Map();
  const rest = [];
  let group = rest;
  for (const token of state.tokens) {
    if (token.type === "note_open") groups.set(token.meta.label, (group = []));
    group.push(token);
    if (token.type === "note_close") group = rest;
  }
  for (const label of groups.keys()) {
    if (!numbers.has(label)) numbers.set(label, numbers.size + 1);
  }
  const ordered = [...groups.keys()].sort((one, other) => numbers.get(one) - numbers.get(other));
  for (const label of ordered) groups.get(label)[0].meta.number = numbers.get(label);
  state.tokens = [
    ...rest,
    new Token("notes_open", "ol", 1),
    ...ordered.flatMap((label) => groups.get(label)),
    new Token("notes_close", "ol", -1),
  ];
}

function crowded(state) {
  for (const token of state.tokens) {
    const marks = token.children?.filter(({ type, nesting }) => !PLAIN.includes(type) && nesting >= 0);
    if (!(marks?.length > MOST_MARKS)) continue;
    token.children = token.content.split("\n").flatMap((line) => {
      const text = new Token("text", "", 0);
      text.content = line;
      return [text, new Token("softbreak", "br", 0)];
    });
    token.children.pop();
  }
}

function tasks(state) {
  for (let i = 2; i < state.tokens.length; i++) {
    const { type, children, content } = state.tokens[i];
    if (type !== "inline" || children[0]?.type !== "text") continue;
    if (state.tokens[i - 2].type !== "list_item_open") continue;
    if (state.tokens[i - 1].type !== "paragraph_open") continue;
    const found = TASK.exec(content);
    if (!found) continue;
    const box = new Token("task", "", 0);
    box.content = found[1].trim();
    children[0].content = children[0].content.slice(3).replace(/^[ \t]+/, "");
    children.unshift(box);
  }
}

function directions(state) {
  for (const token of state.tokens) {
    if (token.type === "notes_open") return;
    if (token.nesting === 1 && !token.level && token.type !== "table_open") token.attrSet("dir", "auto");
  }
}

// Rules for drawing

function drawFence(tokens, i) {
  const language = unescapeAll(tokens[i].info).trim().split(/\s/, 1)[0];
  const label = language ? ` data-language="${escapeHtml(language)}"` : "";
  return `<pre${label}><code>${escapeHtml(tokens[i].content)}</code></pre>\n`;
}

function drawImage(tokens, i) {
  const words = escapeHtml(tokens[i].content || "without a name");
  const before = tokens.slice(0, i).map((token) => token.type);
  const opened = before.filter((type) => type === "link_open").length;
  if (opened > before.filter((type) => type === "link_close").length) return `Image: ${words}`;
  const source = escapeHtml(tokens[i].attrGet("src") ?? "");
  return `<a href="${source}" rel="${REL}">Image: ${words}</a>`;
}

function drawNoteMark(tokens, i, options, env) {
  const { number, known } = tokens[i].meta;
  if (!env.ids || !known) return `<sup>${number}</sup>`;
  return `<sup><a href="#${env.ids}-note-${number}">${number}</a></sup>`;
}

function drawNote(tokens, i, options, env) {
  const name = env.ids ? ` id="${env.ids}-note-${tokens[i].meta.number}"` : "";
  return `<li${name}>`;
}

function drawCell(tokens, i, options, env, self) {
  if ([...tokens[i + 1].content].length <= SHORT) tokens[i].attrSet("class", "short");
  return self.renderToken(tokens, i, options);
}

const renderRules = {
  formula: (tokens, i) => `<span class="math">${escapeHtml(tokens[i].content)}</span>`,
  formula_block: (tokens, i) => `<div class="math">${escapeHtml(tokens[i].content)}</div>\n`,
  fence: drawFence,
  code_block: drawFence,
  image: drawImage,
  task: (tokens, i) => `<span class="task">${tokens[i].content ? "☑" : "☐"}</span> `,
  note_mark: drawNoteMark,
  note_open: drawNote,
  note_close: () => "</li>\n",
  notes_open: () => '<ol class="notes" dir="auto">\n',
  notes_close: () => "</ol>\n",
  table_open: () => '<div class="wide" dir="auto"><table>\n',
  table_close: () => "</table></div>\n",
  th_open: drawCell,
  td_open: drawCell,
  link_open: (tokens, i, options, env, self) => {
    tokens[i].attrSet("rel", REL);
    return self.renderToken(tokens, i, options);
  },
};
