// Says why a page stays empty: its websocket is refused, or does not get through.
//
// It is in the page itself and runs before Streamlit's code, which would try again and again behind
// a grey page. Once a connection has been open, losing it is Streamlit's business.
const STREAM = "/_stcore/stream";
const NOT_PASSED_ON =
  "This page is here, but its websocket does not reach the app: something between this browser and" +
  " the app does not pass it on. If a proxy is in front of the app, it must pass on the headers" +
  " Upgrade and Connection for /_stcore/stream.";
const AND_THEN = " This page opens by itself once that is fixed.";
const STYLE =
  "position: fixed; z-index: 2147483647; inset: 1rem 1rem auto; max-width: 40rem; margin: 0 auto;" +
  " padding: 1rem; border: 1px solid; border-radius: 0.5rem; color-scheme: light dark;" +
  " background: Canvas; color: CanvasText; font: 1rem/1.5 system-ui, sans-serif;";

const Socket = window.WebSocket;
let wasOpen = false;
let isAsking = false;
let note;

window.WebSocket = class extends Socket {
  constructor(...args) {
    super(...args);
    if (!this.url.includes(STREAM)) return;
    this.addEventListener("open", () => {
      wasOpen = true;
      note?.remove();
    });
    this.addEventListener("close", () => wasOpen || ask(this.url));
  }
};

/** Ask the app, by a websocket that it always accepts, why it refuses the page's. */
function ask(url) {
  if (isAsking || note) return;
  isAsking = true;
  let answer;
  const why = new Socket(`${url}?why`);
  why.onmessage = ({ data }) => (answer = data);
  why.onclose = async () => {
    answer ??= (await isThere(url)) ? NOT_PASSED_ON : "";
    isAsking = false;
    if (answer && !wasOpen) say(answer + AND_THEN);
  };
}

async function isThere(url) {
  try {
    // Only of this app: the content policy allows no other address.
    const health = url.replace(/^ws/, "http").replace(STREAM, "/_stcore/health");
    return (await window.fetch(health)).ok;
  } catch {
    return false;
  }
}

function say(text) {
  note = document.createElement("div");
  note.setAttribute("role", "alert");
  note.style.cssText = STYLE;
  note.textContent = text;
  document.body.append(note);
}
