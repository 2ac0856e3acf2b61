// Holds a question back as long as one of its files is not uploaded, and says why.
//
// Streamlit marks a file that it could not upload, and then sends the question without it. Python
// sends { reasons, advice }: sentences by the status that the upload was answered with, of which
// "other" names it as {status} and "none" is for no answer at all; and what to do.
import css from "./uploads.css";

const BOX = '[data-testid="stChatInput"]';
const TYPED = '[data-testid="stChatInputTextArea"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const FAILED = `${BOX} [data-testid="stFileChip"][aria-invalid="true"]`;
const NAME = '[data-testid="stFileChipName"]';

export default function mount({ data, parentElement }) {
  const listening = new AbortController();
  const options = { signal: listening.signal, capture: true };
  const look = () => show(parentElement, data);
  const hold = (event) => {
    if (!document.querySelector(FAILED)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    show(parentElement, data, true);
  };
  addEventListener("keydown", (event) => sends(event) && hold(event), options);
  addEventListener("click", (event) => event.target.closest?.(SEND) && hold(event), options);
  const changes = new MutationObserver(look);
  const around = parentElement.closest('[data-testid="stBottom"]') ?? document.body;
  changes.observe(around, { subtree: true, childList: true, attributeFilter: ["aria-invalid"] });
  look();
  return () => {
    listening.abort();
    changes.disconnect();
  };
}

/** Return whether a key in the box sends the question: Enter, unless it ends a composed word. */
function sends({ key, target, shiftKey, isComposing }) {
  return key === "Enter" && !shiftKey && !isComposing && target.closest?.(TYPED);
}

/** Show a sentence for each file that failed; `again`: screen readers announce only what is new. */
function show(place, data, again = false) {
  const failed = [...document.querySelectorAll(FAILED)].map((chip) => sentence(chip, data.reasons));
  const text = failed.length ? [...failed, data.advice].join("\n") : "";
  const shown = place.querySelector(".upload-failures");
  if (!again && text === (shown?.innerText ?? "")) return;
  shown?.remove();
  if (!text) return;
  const note = document.createElement("div");
  note.className = "upload-failures";
  note.role = "alert";
  note.innerText = text;
  const style = document.createElement("style");
  style.textContent = css;
  place.replaceChildren(style, note);
}

function sentence(chip, reasons) {
  const said = chip.querySelector('[role="alert"]')?.textContent ?? "";
  const status = said.match(/status code (\d+)/)?.[1];
  const isAxios = /AxiosError|Network Error/.test(said);
  let reason = status ? (reasons[status] ?? reasons.other.replace("{status}", status)) : said;
  if (!status && isAxios) reason = reasons.none;
  return `${chip.querySelector(NAME)?.title ?? ""}: ${reason}`;
}
