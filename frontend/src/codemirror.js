// The editor: CodeMirror for JSON, with our marks, in Streamlit's colours. Sent once; see mount.js.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, Prec, Transaction } from "@codemirror/state";
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { Marks } from "./marks.js";
import { codemirror } from "./meeting.js";
import { highlighting, theme } from "./theme.js";

const byTheApp = Annotation.define();

// Tab is not bound: it moves the focus on, as everywhere on the page (WCAG 2.1.2). New lines are
// indented automatically; Ctrl-] and Ctrl-[ are among CodeMirror's default keys.
const setup = [
  lineNumbers(),
  lintGutter(),
  foldGutter(),
  highlightSpecialChars(),
  history(),
  indentUnit.of("  "),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  search({ top: true }),
  json(),
  syntaxHighlighting(highlighting),
  theme,
  EditorView.lineWrapping,
  EditorState.tabSize.of(2),
  keymap.of([
    ...closeBracketsKeymap,
    ...searchKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...lintKeymap,
    ...defaultKeymap,
  ]),
];

function surface({ root, box, described, onChange, onSend }, text) {
  let marks;
  const send = () => {
    onSend();
    return true;
  };
  const watch = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    marks.follow(update.changes);
    if (!update.transactions.some((t) => t.annotation(byTheApp))) onChange();
  });
  // Editable text takes the focus without a tabindex, but checkers of accessibility look for one.
  const attributes = { ...described, autocapitalize: "off", tabindex: "0" };
  const view = new EditorView({
    parent: box,
    root,
    doc: text,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: send }])),
      EditorView.contentAttributes.of(attributes),
      watch,
      setup,
    ],
  });
  marks = new Marks(view);
  return {
    text: () => view.state.doc.toString(),
    replace: (newer) => replace(view, newer),
    remember: () => marks.remember(),
    mark: (found) => marks.show(found),
    focus: () => view.focus(),
    select(anchor, head) {
      const end = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(anchor, end), head: Math.min(head, end) } });
    },
    end() {
      marks.end();
      view.destroy();
    },
  };
}

/** Change only what differs, so that the cursor stays; Ctrl-Z restores the old text. */
function replace(view, newer) {
  const older = view.state.doc.toString();
  let from = 0;
  let end = older.length;
  let newEnd = newer.length;
  while (from < end && from < newEnd && older[from] === newer[from]) from++;
  while (end > from && newEnd > from && older[end - 1] === newer[newEnd - 1]) end--, newEnd--;
  if (from === end && from === newEnd) return;
  view.dispatch({
    changes: { from, to: end, insert: newer.slice(from, newEnd) },
    annotations: [byTheApp.of(true), isolateHistory.of("full"), Transaction.addToHistory.of(true)],
  });
}

export default function publish() {
  codemirror().resolve(surface);
}
