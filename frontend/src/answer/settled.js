// Leaves out the end of a growing text that may still mean anything, so that nothing is drawn as
// something that it turns out not to be.

const MARKS = /^[ \t>]*(?:[-*+=_~#|:`$\\<![\]() \t]{0,80}|\d{1,9}[.)]?[ \t]*)$/;

/** Return the text without a last line that is only marks; what is opened in a line is closed. */
export function settled(text) {
  const start = text.lastIndexOf("\n") + 1;
  const line = text.slice(start);
  if (line && MARKS.test(line)) return text.slice(0, start);
  if (isInCode(text)) return text;
  const end = closed(line);
  return text.slice(0, start) + (MARKS.test(end) ? "" : end);
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

function closed(line) {
  let end = line.replace(/(?:[*_~`]+|!?\[[^\]]*|<[^>\s]*|\\)$/, "");
  const link = /!?\[([^\]]*)\]\([^)\s]*$/.exec(end);
  if (link) end = end.slice(0, link.index) + link[1];
  const outside = end.replace(/`[^`]*`/g, "");
  if (outside.includes("`")) return `${end}\``;
  for (const mark of ["**", "~~"]) {
    if (outside.split(mark).length % 2 === 0) end = end.trimEnd() + mark;
  }
  return end;
}
