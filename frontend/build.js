// Builds what Python sends to the browser: node build.js [OUTDIR]. The same sources and lock give
// the same bytes; tests/test_bundle.py compares them with what is committed.
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

await build({
  entryPoints: ["src/clipboard.js", "src/codemirror.js", "src/mount.js"],
  outdir: process.argv[2] ?? "built",
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  loader: { ".css": "text" },
  // The line break at its end also tells Streamlit that this is code, not the name of a file.
  banner: { js: "// Built from frontend/src by `make bundle`. Licences: frontend/NOTICE." },
});
