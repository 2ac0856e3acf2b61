// Draws diagrams with Mermaid, which is loaded with the first of them: the copy that Streamlit has.

// What a diagram's source cannot set: Mermaid's own list, and styles of any kind.
const FIXED = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "themeCSS"];

// A drawing is not made narrower than that: it scrolls instead. Its letters are 16 px high as drawn.
const READABLE = 560;
const SMALLEST = 0.75;

let address;
let mermaid;
let drawn = 0;

/** Say where Mermaid is, from the page's own address. */
export function useDiagrams(path) {
  address = new URL(path, document.baseURI).href;
}

/** Put the diagram in place of its source; the source stays if it cannot be drawn. */
export async function drawDiagram(pre, source) {
  if (!address || pre.dataset.diagram === source) return;
  pre.dataset.diagram = source;
  try {
    mermaid ??= import(address).then((module) => module.default);
    const { initialize, render } = await mermaid;
    initialize({ startOnLoad: false, securityLevel: "strict", secure: FIXED, theme: theme(pre) });
    const { svg } = await render(`clarifai-diagram-${++drawn}`, source);
    if (!pre.isConnected || pre.dataset.diagram !== source) return;
    pre.querySelector(".diagram")?.remove();
    const place = document.createElement("div");
    place.className = "diagram";
    place.tabIndex = 0; // so that keys scroll it
    Object.assign(place, { role: "group", ariaLabel: "Diagram" });
    place.innerHTML = svg; // made by Mermaid, which sanitizes it
    const drawing = place.firstElementChild;
    const { width } = drawing.viewBox.baseVal;
    drawing.style.minWidth = `${Math.max(Math.min(width, READABLE), width * SMALLEST)}px`;
    pre.append(place);
  } catch (fault) {
    console.info(`The diagram is shown as text: ${fault.message}`);
  }
}

function theme(element) {
  const [red, green, blue] = getComputedStyle(element).color.match(/[\d.]+/g).map(Number);
  return red + green + blue > 382 ? "dark" : "default"; // light letters
}
