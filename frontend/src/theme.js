// The editor's look: only Streamlit's variables, so that it follows the light or dark theme.
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const text = "var(--st-text-color)";
const quiet = `color-mix(in srgb, ${text} 75%, transparent)`;
const edge = "1px solid var(--st-border-color)";
const chosen = "color-mix(in srgb, var(--st-primary-color) 35%, transparent)";
const lines = {
  error: "var(--st-red-color)",
  warning: "var(--st-orange-color)",
  hint: "var(--st-blue-color)",
};

const levels = Object.entries(lines).flatMap(([level, color]) => [
  [
    `.cm-lintRange-${level}`,
    { backgroundImage: "none", textDecoration: `underline wavy 2px ${color}`, textUnderlineOffset: "4px" },
  ],
  [`.cm-lintPoint-${level}:after`, { borderBottomColor: color }],
  [`.cm-diagnostic-${level}`, { borderLeft: `5px solid ${color}` }],
]);

export const theme = EditorView.theme({
  "&": { color: text, fontSize: "0.875rem", maxHeight: "var(--height)" },
  "&.cm-focused": { outline: "none" }, // its box shows the focus
  ".cm-scroller": { fontFamily: "var(--st-code-font)", lineHeight: "1.5", overflow: "auto" },
  ".cm-content, .cm-gutter": { minHeight: "var(--least)" },
  ".cm-content": { caretColor: text, padding: "0.5rem 0" },
  ".cm-content ::selection": { backgroundColor: chosen, color: text },
  ".cm-gutters": {
    color: quiet,
    backgroundColor: "var(--st-code-background-color)",
    borderRight: edge,
  },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: `color-mix(in srgb, ${text} 5%, transparent)`,
  },
  ".cm-selectionMatch, .cm-searchMatch": {
    backgroundColor: "transparent",
    outline: "1px solid var(--st-orange-color)",
  },
  ".cm-searchMatch-selected": { backgroundColor: chosen, outlineWidth: "2px" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "transparent", outline: `1px solid ${quiet}` },
  "&.cm-focused .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    outline: `1px solid ${lines.error}`,
  },
  ".cm-foldPlaceholder": { color: text, backgroundColor: "transparent", border: edge },
  ".cm-panels": {
    color: text,
    backgroundColor: "var(--st-secondary-background-color)",
    borderBottom: edge,
  },
  ".cm-panels button, .cm-panels input": {
    color: text,
    background: "var(--st-background-color)",
    border: edge,
    borderRadius: "var(--st-button-radius)",
    fontSize: "0.875rem",
    fontFamily: "var(--st-font)",
  },
  ".cm-panel.cm-search": { padding: "0.5rem 2rem 0.5rem 0.5rem" },
  ".cm-panel.cm-search label": { fontSize: "0.875rem", whiteSpace: "nowrap" },
  ".cm-panel.cm-search button[name=close]": { fontSize: "1.25rem", padding: "0 0.4rem" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: chosen, color: text },
  ".cm-tooltip": {
    color: text,
    backgroundColor: "var(--st-background-color)",
    border: edge,
    maxWidth: "min(30rem, 90vw)",
  },
  ".cm-diagnostic": { fontFamily: "var(--st-font)", fontSize: "0.875rem" },
  ...Object.fromEntries(levels),
});

export const highlighting = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--st-blue-text-color)" },
  { tag: tags.string, color: "var(--st-green-text-color)" },
  { tag: tags.number, color: "var(--st-orange-text-color)" },
  { tag: [tags.bool, tags.null], color: "var(--st-violet-text-color)" },
  { tag: tags.invalid, color: "var(--st-red-text-color)" },
]);
