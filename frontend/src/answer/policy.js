// Keeps the page from asking anyone else for pictures, fonts or styles, whatever is drawn in it:
// Mermaid, for one, loads a picture that its source names. `server.py` sends more in a header, but
// `streamlit run` sends none.
const POLICY =
  "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:;" +
  " style-src 'self' 'unsafe-inline'; frame-src 'self' data: blob:; object-src 'none'";

export function addPolicy() {
  const element = document.createElement("meta");
  element.httpEquiv = "Content-Security-Policy";
  element.content = POLICY;
  document.head.append(element);
}
