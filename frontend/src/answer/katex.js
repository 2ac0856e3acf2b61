// KaTeX with chemistry. The copy of mhchem adds itself to the same KaTeX.
import katex from "katex";
import "katex/contrib/mhchem";

/** Return HTML; throws if it is not TeX. */
export function draw(tex, isDisplay) {
  return katex.renderToString(tex, {
    displayMode: isDisplay,
    throwOnError: true,
    trust: false,
    strict: "ignore",
    maxSize: 50,
    maxExpand: 500,
  });
}
