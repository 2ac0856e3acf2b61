// Finds folds in Markdown. clarifai_chat/markdown/folds.py is the same in Python, with the reasons;
// tests/test_both_grammars.py compares them.
import { lineOf } from "./formulas.js";

// A long run of marks is taken whole: giving back one after the other would search the rest again.
export const FENCE = /^(?=(`{3,}|~{3,}))\1([^`]*)$/;
export const NEST = ["markdown", "md", "mdx"];
const SUMMARY_LINES = 5;
const TAG = /<details/i;
const OPENS = /<details(?:[ \t][^<>\n]*)?>[ \t]*/iy;
const SUMMARY = /<summary(?:[ \t][^<>\n]*)?>/iy;
const SUMMARY_ENDS = /<\/summary>[ \t]*/gi;
const CLOSES = /(`+)|<\/details>[ \t]*/gi;
const MARKERS = /^(?:[ \t>]|[-*+][ \t]|[0-9]{1,9}[.)][ \t]){0,100}/;
const BOLD = /^<(b|strong|h[1-6])>([^<]*)<\/\1>$/i;
const WRITTEN = ["inline", "fence", "code_block", "formula_block"];

export function unfold(state) {
  if (!TAG.test(state.src)) return;
  const lines = state.src.split("\n");
  const ends = ([line, at]) => at === lines[line].length;
  const grows = state.env.grows;
  const folds = foundIn(lines).filter(
    ({ end, summary, head }) => end || (grows && (summary !== undefined || ends(head))),
  );
  const cuts = new Map(); // line → Map of where it is cut → prefix
  for (const { start, head, close, end, prefix } of folds) {
    for (const place of [start, head, close, end]) {
      if (!place || ends(place) || place[1] <= beginOf(lines[place[0]])) continue;
      if (!cuts.has(place[0])) cuts.set(place[0], new Map());
      cuts.get(place[0]).set(place[1], prefix);
    }
  }
  const edges = new Map();
  for (const [line, prefixes] of cuts) edges.set(line, [...prefixes.keys()].sort((a, b) => a - b));
  const pieces = [];
  const sources = [];
  const now = [];
  for (const [number, line] of lines.entries()) {
    now.push(pieces.length);
    const inside = edges.get(number) ?? [];
    for (const [piece, start] of [0, ...inside].entries()) {
      const prefix = start ? cuts.get(number).get(start) : "";
      pieces.push(prefix + line.slice(start, inside[piece]));
      sources.push(number);
    }
  }
  const lineAt = ([line, at]) => now[line] + countUpTo(edges.get(line) ?? [], at);
  state.env.folds = new Map();
  for (const { start, summary, head, close } of folds) {
    const first = lineAt(head) + (ends(head) ? 1 : 0);
    state.env.folds.set(lineAt(start), {
      summary: summary || "Details",
      first,
      end: close && lineAt(close),
    });
  }
  if (!cuts.size) return;
  state.src = pieces.join("\n");
  state.env.sources = sources;
}

/** Return how many of the ascending numbers are at most `most`. */
function countUpTo(numbers, most) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

function foundIn(lines) {
  const folds = [];
  const opened = [];
  const isCode = fences();
  for (let number = 0; number < lines.length; number++) {
    let line = lines[number];
    let at = beginOf(line);
    let prefix = line.slice(0, at).replace(/[^ \t>]/g, " ");
    const quotes = depthOf(prefix);
    while (opened.length && depthOf(opened.at(-1).prefix) > quotes) opened.pop();
    if (isCode(line.slice(at), quotes)) continue;
    for (;;) {
      OPENS.lastIndex = at;
      const opening = OPENS.exec(line);
      const closing = !opening && opened.length && closingIn(line, at);
      if (opening) {
        const [summary, head] = summaryAt(lines, [number, at + opening[0].length], prefix);
        const fold = { prefix, start: [number, at], summary, head };
        folds.push(fold);
        opened.push(fold);
        [number, at] = head;
        line = lines[number];
      } else if (closing) {
        const fold = opened.pop();
        at = closing.index + closing[0].length;
        Object.assign(fold, { close: [number, closing.index], end: [number, at] });
        prefix = fold.prefix;
      } else break;
    }
  }
  return folds;
}

function beginOf(line) {
  return MARKERS.exec(line)[0].length;
}

function depthOf(prefix) {
  return prefix.split(">").length - 1;
}

function fences() {
  let mark = "";
  let nests = false;
  let depth = 0;
  let quoted = 0;
  return (text, quotes) => {
    const found = FENCE.exec(text);
    if (quotes < quoted) depth = quoted = 0;
    if (!depth) {
      if (!found) return false;
      [mark, depth, quoted] = [found[1], 1, quotes];
      nests = NEST.includes(found[2].trim().toLowerCase());
    } else if (found?.[1].startsWith(mark)) {
      if (found[2].trim()) depth += nests;
      else if (!--depth) quoted = 0;
    }
    return true;
  };
}

function summaryAt(lines, place, prefix) {
  const edge = prefix.includes(">") ? /^[ \t>]*/ : /^[ \t]*/;
  let [number, at] = place;
  if (at === lines[number].length) {
    number++;
    while (number < lines.length && edge.exec(lines[number])[0] === lines[number]) number++;
    if (number === lines.length) return [undefined, place];
    at = edge.exec(lines[number])[0].length;
  }
  SUMMARY.lastIndex = at;
  const opening = SUMMARY.exec(lines[number]);
  if (!opening) return [undefined, place];
  at += opening[0].length;
  const words = [];
  for (let last = number; last < Math.min(number + SUMMARY_LINES, lines.length); last++) {
    const line = lines[last];
    if (last > number) at = edge.exec(line)[0].length;
    SUMMARY_ENDS.lastIndex = at;
    const ending = SUMMARY_ENDS.exec(line);
    words.push(line.slice(at, ending?.index));
    if (ending) {
      const text = words.join("\n").trim();
      return [BOLD.exec(text)?.[2] ?? text, [last, ending.index + ending[0].length]];
    }
  }
  return [undefined, place];
}

function closingIn(line, at) {
  let isCode = false;
  CLOSES.lastIndex = at;
  for (let found; (found = CLOSES.exec(line)); ) {
    if (found[1]) isCode = !isCode;
    else if (!isCode) return found;
  }
  return null;
}

export function fold(state, start, end, silent) {
  const found = state.env.folds?.get(start);
  if (!found || state.sCount[start] - state.blkIndent >= 4) return false;
  if (!/^<details/i.test(lineOf(state, start))) return false;
  const isOpen = found.end === undefined || found.end >= end;
  const line = isOpen ? end : found.end;
  if (found.first > line || (isOpen && (state.level || !state.env.grows))) return false;
  if (state.level + 1 >= state.md.options.maxNesting) return false;
  for (let each = found.first; each < line; each++) {
    if (state.sCount[each] < state.blkIndent && !state.isEmpty(each)) return false;
  }
  if (silent) return true;
  const before = [state.parentType, state.lineMax];
  [state.parentType, state.lineMax] = ["blockquote", line];
  const details = state.push("details_open", "details", 1);
  Object.assign(details, { map: [start, Math.min(line + 1, end)], meta: { isOpen } });
  state.push("summary_open", "summary", 1);
  const token = state.push("inline", "", 0);
  Object.assign(token, { content: found.summary, map: [start, found.first], children: [] });
  state.push("summary_close", "summary", -1);
  state.md.block.tokenize(state, found.first, line);
  state.push("details_close", "details", -1);
  [state.parentType, state.lineMax] = before;
  state.line = Math.min(line + 1, end);
  return true;
}

export function refold(state) {
  const { sources } = state.env;
  if (!sources) return;
  const isCut = (number) => number > 0 && sources[number - 1] === sources[number];
  for (const token of state.tokens) {
    if (!token.map) continue;
    const [first, end] = token.map;
    if (WRITTEN.includes(token.type) && token.content.includes("\n")) {
      const begin = first + (token.type === "fence");
      token.content = token.content
        .split("\n")
        .map((line, at) => {
          if (!at) return line;
          return isCut(begin + at) ? line.replace(/^[ \t>]+/, "") : `\n${line}`;
        })
        .join("");
    }
    token.map = isCut(first) ? null : [sources[first], sources[end - 1] + 1];
  }
}
