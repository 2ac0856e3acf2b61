// Finds formulas in Markdown; not prices. clarifai_chat/markdown/formulas.py is the same in Python,
// with the reasons; tests/test_both_grammars.py compares them.

const BRACKETED = /\\\([^\\]*(?:\\[^()[\]][^\\]*)*\\\)|\\\[[^\\]*(?:\\[^()[\]][^\\]*)*\\\]/y;
const DISPLAY = /\$\$(?!\$)[^$\\]*(?:(?:\\[\s\S]|\$(?!\$))[^$\\]*)*\$\$(?!\$)/y;
const DOLLARS = /\$(?![\s$])([^$\\\n`]*(?:\\[^\n`][^$\\\n`]*)*)\$/y;
const GLUE = /^[0-9A-Za-z\u00c0-\u058f]/;
const ENDING = /^(?:th|st|nd|rd|s)(?![A-Za-z])/;
const SURE = /^(?:[_^](?:[{\\]|[0-9A-Za-z+*'-](?![A-Za-z]))|\\)/;
const PRICE = /^[0-9][0-9.,]*(?: *[-\u2013/] *[0-9][0-9.,]*)?(?:[kKmMbB]$| *(?:[-\u2013/] *)?[A-Za-z]{2})/;
const SIGN = /[\\^_=<>+*{}]/;
const CURRENCY = /[\u00a2-\u00a5\u20a0-\u20cf]/;
const WORD =
  "(?:[A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0400-\\u0dff]{2}" +
  "|[\\u0e00-\\u1fff\\u3041-\\ud7ff\\uf900-\\ufaff])";
const HAS_WORD = new RegExp(WORD);
const HAS_LONE_WORD = new RegExp(` ${WORD}[^ ]* `);
const ENVIRONMENTS = "equation|align|gather|multline|alignat|flalign|eqnarray";
const OPENS = new RegExp(
  `^(\\$\\$(?!\\$)|\\\\\\[|\\\\begin\\{((?:${ENVIRONMENTS})\\*?)\\})([\\s\\S]*)$`,
);
const CLOSES = {
  $$: /^([^$]*(?:\$(?!\$)[^$]*)*)\$\$([.,;:]?)[ \t]*$/,
  "\\[": /^([^\n]*?)\\\]([.,;:]?)[ \t]*$/,
};
const FENCE = /^(?:```|~~~)/;
const DELIMITERS = /^\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*(?::?-+:?)?$/;
const CODE = /(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g;
const BAR = "\ufdd0";

/** Return where the formula that begins at `at` ends; 0 if none begins there. */
export function formulaEnd(text, at) {
  const two = text.slice(at, at + 2);
  let pattern = DOLLARS;
  if (two[0] === "\\") pattern = BRACKETED;
  else if (two === "$$") {
    if (text[at - 1] === "$") return 0;
    pattern = DISPLAY;
  }
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  if (!found) return 0;
  const end = at + found[0].length;
  if (pattern === DOLLARS && !isFormula(found[1], text[at - 1] ?? "", text.slice(end, end + 4))) {
    return 0;
  }
  return /[^\\$()[\]\s]/.test(found[0]) ? end : 0;
}

function isFormula(body, before, after) {
  if (!body || /\s$/.test(body) || before === "$" || after.startsWith("$")) return false;
  if ("/,;:!?".includes(body[0]) || closesFirst(body)) return false;
  if (SURE.test(body)) return true;
  if (GLUE.test(before) || /^[0-9_]/.test(after)) return false;
  if (GLUE.test(after) && !ENDING.test(after) && !/[\\^]/.test(body)) return false;
  return !isMoney(body);
}

function isMoney(body) {
  if (PRICE.test(body)) return true;
  if (/^[0-9]/.test(body) && HAS_WORD.test(body) && !SIGN.test(body)) return true;
  return !body.includes("\\") && CURRENCY.test(body) && HAS_LONE_WORD.test(body);
}

function closesFirst(body) {
  let depth = 0;
  for (const [sign] of body.matchAll(/\\[\s\S]|[()[]/g)) {
    depth += { "(": 1, "[": 1, ")": -1 }[sign] ?? 0;
    if (depth < 0) return true;
  }
  return false;
}

export function inline(state, silent) {
  if (!"\\$".includes(state.src[state.pos])) return false;
  const end = formulaEnd(state.src, state.pos);
  if (!end || end > state.posMax) return false;
  if (!silent) state.push("formula", "", 0).content = state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

export function block(state, start, end, silent) {
  if (state.sCount[start] - state.blkIndent >= 4) return false;
  const opening = OPENS.exec(lineOf(state, start));
  if (!opening) return false;
  const [, mark, environment, rest] = opening;
  const closingMark = environment ? `\\end{${environment}}` : mark === "$$" ? "$$" : "\\]";
  const name = environment?.replace("*", "\\*");
  const closes = environment
    ? new RegExp(`^([^\\n]*?)\\\\end\\{${name}\\}([.,;:]?)[ \\t]*$`)
    : CLOSES[mark];
  let closing = closes.exec(rest);
  const lines = [closing ? closing[1] : rest];
  if (!closing && rest.includes(closingMark)) return false;
  let line = start;
  while (!closing && ++line < end) {
    const text = lineOf(state, line);
    if ((text && state.sCount[line] < state.blkIndent) || FENCE.test(text)) return false;
    if (mark !== "$$" && text.startsWith(mark)) return false;
    closing = closes.exec(text);
    lines.push(closing ? closing[1] : text);
    if (!closing && text.includes(closingMark)) return false;
  }
  const body = lines.join("\n");
  if (!body.trim() || (!closing && (state.level || !state.env.grows))) return false;
  if (!silent) {
    state.line = Math.min(line + 1, end);
    const token = state.push("formula_block", "", 0);
    token.content = mark + body + (closing ? closingMark + closing[2] : "");
    token.markup = mark;
    token.meta = { isOpen: !closing };
    token.map = [start, state.line];
  }
  return true;
}

export function lineOf(state, line) {
  return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
}

export function hideBars(state) {
  if (!state.src.includes("|") || state.src.includes(BAR)) return;
  let columns = 0;
  const lines = state.src.split("\n").map((line) => {
    if (!line.includes("|")) {
      if (!line.trim()) columns = 0;
      return line;
    }
    if (DELIMITERS.test(inner(line))) columns = cells(line);
    const bare = withoutBars(line);
    if (!columns || cells(bare) <= columns) return bare;
    return bare.replace(CODE, (code) => code.replaceAll("|", BAR));
  });
  state.src = lines.join("\n");
}

/** Return a line without its indent, marks of quotes, and blanks at its end. */
function inner(line) {
  const isEdge = (char) => " \t>".includes(char);
  let [start, end] = [0, line.length];
  while (start < end && isEdge(line[start])) start++;
  while (end > start && isEdge(line[end - 1])) end--;
  return line.slice(start, end);
}

function cells(line) {
  const row = inner(line).replace(/^\|/, "");
  const bars = row.match(/(?<!\\)\|/g)?.length ?? 0;
  return bars + (row.endsWith("|") && !row.endsWith("\\|") ? 0 : 1);
}

function withoutBars(line) {
  if (/^[ \t]*\[/.test(line)) return line;
  const marks = /(`+)|\\|\$/g;
  const ends = new Map(); // of the runs of so many backticks, the last first
  for (const run of [...line.matchAll(/`+/g)].reverse()) {
    const length = run[0].length;
    if (!ends.has(length)) ends.set(length, []);
    ends.get(length).push(run.index + length);
  }
  let done = "";
  let at = 0;
  let formula;
  for (;;) {
    marks.lastIndex = at;
    const found = marks.exec(line);
    if (!found) return done + line.slice(at);
    const start = found.index;
    let end = start + found[0].length;
    done += line.slice(at, start);
    let piece;
    if (found[1]) {
      const same = ends.get(found[1].length) ?? [];
      while (same.at(-1) <= end) same.pop();
      end = same.at(-1) ?? end;
      piece = line.slice(start, end);
    } else if ((formula = formulaEnd(line, start))) {
      end = formula;
      piece = line.slice(start, end);
      if (/[^$|\\()[\] ]/.test(piece)) piece = piece.replaceAll("|", BAR);
    } else {
      end = found[0] === "\\" ? Math.min(start + 2, line.length) : end;
      piece = line.slice(start, end);
    }
    done += piece;
    at = end;
  }
}

export function showBars(state) {
  if (!state.src.includes(BAR)) return;
  for (const token of state.tokens) {
    token.content = token.content.replaceAll(BAR, "|");
    token.info = token.info.replaceAll(BAR, "|");
  }
}
