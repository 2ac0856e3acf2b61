// Leaves out the end of a growing text that may still mean anything, so that nothing is drawn as
// something that it turns out not to be.

const MARKS = /^[ \t>]*(?:[-*+=_~#|:`$\\<![\]() \t]{0,80}|\d{1,9}[.)]?[ \t]*)$/;

const BEFORE_FOLD = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t]){0,100}$|>[ \t]*$/;
const ROW = /^[ \t>]*\|/;

/** Return the text without a last line that is only marks; what is opened in a line is closed. */
export function settled(text) {
  const fold = unsureFold(text);
  if (fold >= 0 && !isInCode(text.slice(0, fold))) return text.slice(0, fold);
  const start = text.lastIndexOf("\n") + 1;
  const line = text.slice(start);
  const row = unsureRow(text, start);
  if (row >= 0 && !isInCode(text.slice(0, row))) return text.slice(0, row);
  if (line && MARKS.test(line)) return text.slice(0, start);
  if (isInCode(text)) return text;
  const end = closed(line);
  return text.slice(0, start) + (MARKS.test(end) ? "" : end);
}

/** Return where a line begins that is the head of a table if its second line says so, or -1. */
function unsureRow(text, start) {
  const last = text.slice(start);
  const before = text.slice(0, Math.max(0, start - 1));
  const above = before.slice(before.lastIndexOf("\n") + 1);
  const isFirst = (end) => !ROW.test(text.slice(text.lastIndexOf("\n", end - 2) + 1, end - 1));
  if (ROW.test(last) && !MARKS.test(last)) return isFirst(start) ? start : -1;
  const head = start - 1 - above.length;
  // Below the head: nothing yet, or dashes that are not complete.
  return start && MARKS.test(last) && ROW.test(above) && !MARKS.test(above) && isFirst(head) ? head : -1;
}

/** Return where a fold begins whose summary is not whole yet, or -1. */
function unsureFold(text) {
  const at = [...text.matchAll(/<details/gi)].at(-1)?.index ?? -1;
  const before = text.slice(text.lastIndexOf("\n", at - 1) + 1, Math.max(0, at));
  if (at < 0 || !BEFORE_FOLD.test(before)) return -1;
  const end = text.slice(at);
  if (/^<details(?:[ \t][^<>\n]*)?$/i.test(end)) return at;
  const head = /^<details(?:[ \t][^<>\n]*)?>[ \t\n>]*/i.exec(end);
  if (!head) return -1;
  const rest = end.slice(head[0].length);
  if ("<summary".startsWith(rest.toLowerCase())) return at;
  const isOpen = /^<summary[ \t>]/i.test(rest) && !/<\/summary>/i.test(rest);
  return isOpen && rest.split("\n").length < 4 ? at : -1;
}

/** Return whether the text ends inside a block of code or a formula. */
function isInCode(text) {
  let fence = "";
  for (const [, mark, rest] of text.matchAll(/^[ \t>]*(`{3,}|~{3,}|\$\$|\\\[|\\\])(.*)$/gm)) {
    if (!fence) fence = rest.includes(mark) ? "" : mark;
    else if (mark === "\\]" ? fence === "\\[" : mark.startsWith(fence)) fence = "";
  }
  return fence !== "";
}

/** Step by step from the end: a pattern would search the rest of the line from each bracket. */
function closed(line) {
  let end = line.slice(0, openingAt(line));
  const link = linkAt(end);
  if (link) end = end.slice(0, link.start - (end[link.start - 1] === "!")) + end.slice(link.start + 1, link.end);
  const outside = end.replace(/`[^`]*`/g, "");
  if (outside.includes("`")) return `${end}\``;
  for (const mark of ["**", "~~"]) {
    if (outside.split(mark).length % 2 === 0) end = end.trimEnd() + mark;
  }
  return end;
}

/** Return where marks begin that the line ends with, or what it opens and does not close. */
function openingAt(line) {
  let marks = line.length;
  while (marks && "*_~`".includes(line[marks - 1])) marks--;
  let bracket = line.indexOf("[", line.lastIndexOf("]") + 1);
  if (bracket > 0 && line[bracket - 1] === "!") bracket--;
  const tag = line.indexOf("<", lastOf(line, /[>\s]/) + 1);
  const escape = line.endsWith("\\") ? line.length - 1 : -1;
  return Math.min(marks, ...[bracket, tag, escape].filter((at) => at >= 0));
}

/** Return where the text of a link is whose address the line ends in: [text](addr */
function linkAt(line) {
  const ended = lastOf(line, /[)\s]/);
  for (let end = line.indexOf("](", Math.max(0, ended - 1)); end >= 0; end = line.indexOf("](", end + 1)) {
    const from = end ? line.lastIndexOf("]", end - 1) + 1 : 0;
    const start = line.slice(from, end).indexOf("[");
    if (start >= 0) return { start: from + start, end };
  }
  return null;
}

function lastOf(line, pattern) {
  let at = line.length - 1;
  while (at >= 0 && !pattern.test(line[at])) at--;
  return at;
}
