// Marks in the text: Python's, which move with later edits, and one of our own, shown at once,
// where the JSON breaks off.
import { syntaxTree } from "@codemirror/language";
import { forEachDiagnostic, setDiagnostics } from "@codemirror/lint";
import { ChangeSet } from "@codemirror/state";

const GLANCE_MS = 150;
const OURS = "as you type";

export class Marks {
  constructor(view) {
    this.view = view;
    this.remember();
    this.follow(this.since);
  }

  /** Remember the current text as the one sent to Python. */
  remember() {
    this.asked = this.view.state.doc;
    this.since = ChangeSet.empty(this.asked.length);
    this.judged = false;
  }

  follow(changes) {
    this.since = this.since.compose(changes);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.put(this.present()), GLANCE_MS);
  }

  /** Show Python's marks for the text that was remembered last. */
  show(found) {
    this.judged = true;
    this.put(found.map((mark) => this.placed(mark)));
  }

  put(marks) {
    const isJudged = this.judged && this.since.empty;
    const own = isJudged ? [] : brokenJson(this.view.state);
    this.view.dispatch(setDiagnostics(this.view.state, [...marks, ...own]));
  }

  /** Return Python's marks at their current positions. */
  present() {
    const marks = [];
    forEachDiagnostic(this.view.state, (mark, from, to) => {
      if (mark.source !== OURS) marks.push({ ...mark, from, to });
    });
    return marks;
  }

  placed({ from_line, from_column, to_line, to_column, level, message }) {
    const start = offset(this.asked, from_line, from_column);
    const end = Math.max(start, offset(this.asked, to_line, to_column));
    const from = this.since.mapPos(start, 1);
    return { from, to: Math.max(from, this.since.mapPos(end, -1)), severity: level, message };
  }

  end() {
    clearTimeout(this.timer);
  }
}

/** Return the offset of a line and column. Python counts characters, the browser UTF-16 units. */
function offset(doc, line, column) {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(1, line));
  return from + [...text].slice(0, Math.max(0, column - 1)).join("").length;
}

function brokenJson(state) {
  const text = state.doc.toString();
  if (!text.trim()) return [];
  try {
    JSON.parse(text);
    return [];
  } catch (fault) {
    const at = Math.min(placeIn(fault.message, state) ?? firstError(state), text.length);
    const { from, to } = state.doc.lineAt(at);
    const start = at === to ? Math.max(from, at - 1) : at;
    const message = "This is not JSON: it breaks off here, or just before.";
    return [{ from: start, to: Math.min(start + 1, to), severity: "error", source: OURS, message }];
  }
}

/** Return the position that an error names: Chromium and Firefox do, Safari does not. */
function placeIn(message, state) {
  const position = /at position (\d+)/.exec(message);
  if (position) return Number(position[1]);
  const place = /line (\d+) column (\d+)/.exec(message);
  if (place) return state.doc.line(Math.min(place[1], state.doc.lines)).from + (place[2] - 1);
  return null;
}

function firstError(state) {
  let at = null;
  syntaxTree(state).iterate({
    enter: (node) => {
      if (node.type.isError) at ??= node.from;
      return at === null;
    },
  });
  return at ?? state.doc.length;
}
