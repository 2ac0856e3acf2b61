// What outlives a reload: texts in sessionStorage, which belongs to this tab and ends with it.

const PREFIX = "clarifai-chat.";
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;
// As may_hold() in clarifai_chat/access_token.py.
const LOOKS = /(?<![0-9A-Za-z])(?:[0-9a-fA-F]{32}(?![0-9A-Za-z])|sk-[0-9A-Za-z_-]{16})/;

let traces = []; // [length, last characters] of each way to write the visitor's token

/** Learn how the visitor's token may be written, and forget what holds it. */
export function guardAgainst(fresh) {
  if (JSON.stringify(fresh) === JSON.stringify(traces)) return;
  traces = fresh;
  for (const name of names()) if (mayHoldToken(sessionStorage[PREFIX + name])) forget(name);
}

/** Keep a value under a name, and return "", or why that was not possible. */
export function keep(name, value) {
  const text = JSON.stringify(value);
  const isToken = mayHoldToken(text);
  try {
    if (isToken) throw new Error("It may hold a token.");
    sessionStorage.setItem(PREFIX + name, text);
    return "";
  } catch {
    forget(name); // never an older text in its place
    return isToken ? "token" : "room";
  }
}

export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null; // the browser keeps nothing, or something else wrote it
  }
}

export function forget(name) {
  try {
    sessionStorage.removeItem(PREFIX + name);
  } catch {} // the browser keeps nothing
}

export function forgetAll() {
  for (const name of names()) forget(name);
}

function names() {
  try {
    return Object.keys(sessionStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

function mayHoldToken(text) {
  const bare = text.replace(INVISIBLE, "");
  if (LOOKS.test(bare)) return true;
  const lowered = bare.toLowerCase();
  return traces.some(([length, end]) => hasWord(lowered, length - end.length, end));
}

/** Return whether `end` is somewhere after so many characters without a blank. */
function hasWord(text, before, end) {
  for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, at + 1)) {
    if (at >= before && !/\s/.test(text.slice(at - before, at))) return true;
  }
  return false;
}
