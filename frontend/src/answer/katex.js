// KaTeX with chemistry. The copy of mhchem adds itself to the same KaTeX.
import katex from "katex";
import "katex/contrib/mhchem";

const UNMEASURED = /^No character metrics for '(.+)' in style/u;

/** Return HTML; throws if it is not TeX. */
export function draw(tex, isDisplay) {
  const options = {
    displayMode: isDisplay,
    throwOnError: true,
    trust: false,
    strict: "ignore",
    maxSize: 50,
    maxExpand: 500,
  };
  const { html, unmeasured } = measured(tex, options);
  if (!unmeasured.size) return html;
  // KaTeX takes a character that its fonts lack for one without height: a fraction's line would
  // cross it. So it gets the height of an M.
  options.macros = {};
  for (const char of unmeasured) {
    const code = char.codePointAt(0).toString(16).toUpperCase();
    options.macros[char] = `{\\vphantom{M}\\text{\\char"${code}}}`;
  }
  return measured(tex, options).html;
}

/** Return the HTML, and the characters of which KaTeX says that it does not know their size. */
function measured(tex, options) {
  const unmeasured = new Set();
  const { warn } = console;
  console.warn = (...said) => {
    const char = UNMEASURED.exec(said[0])?.[1];
    if (!char) warn.apply(console, said);
    else if ([...char].length === 1) unmeasured.add(char);
  };
  try {
    return { html: katex.renderToString(tex, options), unmeasured };
  } finally {
    console.warn = warn;
  }
}
