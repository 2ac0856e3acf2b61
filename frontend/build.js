// Builds what Python sends to the browser: node build.js [OUTDIR]. The same sources and lock give
// the same bytes; tests/test_bundle.py compares them with what is committed.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = join(here, process.argv[2] ?? "built");
const options = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  loader: { ".css": "text" },
  // The line break at its end also tells Streamlit that this is code, not the name of a file.
  banner: { js: "// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE." },
};

// Sent inside the page's messages.
await build({
  ...options,
  entryPoints: ["src/clipboard.js", "src/codemirror.js", "src/mount.js", "src/uploads.js"],
  outdir: out,
});

// In the page itself, before anything is loaded.
await build({ ...options, entryPoints: ["src/connection.js"], outdir: out, format: "iife" });

// Loaded by the browser, each when it is needed first.
const folder = join(out, "answer");
rmSync(folder, { recursive: true, force: true }); // names of shared parts change with their content
await build({
  ...options,
  entryPoints: ["src/answer/answer.js", "src/answer/grammar.js", "src/answer/katex.js"],
  outdir: folder,
  splitting: true,
});

for (const name of ["announcer", "chats", "drafts"]) {
  await build({ ...options, entryPoints: [`src/${name}/${name}.js`], outdir: join(out, name) });
}

// KaTeX's styles and fonts, in the one format that all browsers read.
const katex = join(here, "node_modules/katex/dist");
const css = readFileSync(join(katex, "katex.min.css"), "utf8");
const fonts = [...css.matchAll(/url\(fonts\/([\w-]+\.woff2)\)/g)].map(([, name]) => name);
mkdirSync(join(folder, "fonts"), { recursive: true });
writeFileSync(
  join(folder, "katex.css"),
  css.replace(/,url\(fonts\/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)/g, ""),
);
for (const name of fonts) {
  writeFileSync(join(folder, "fonts", name), readFileSync(join(katex, "fonts", name)));
}
