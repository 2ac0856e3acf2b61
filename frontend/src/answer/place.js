// Keeps the reader's place in a conversation: at its end, the view follows the answer that grows;
// elsewhere, the text that is being read stays where it is, whatever changes above and below it.
//
// Streamlit follows the end only for a box that it has placed itself, and then throws readers back
// who scroll up in small steps.
const BOX = '[data-testid="stBottom"] [data-testid="stChatInput"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const NEAR_PX = 48; // two lines: an answer may grow by that while a reader scrolls to its end

let main; // what scrolls
let isChat = false;
let follows = true;
let anchor = null; // { node, top }: what is read first, and its distance from the top of the view
let top = 0; // scrolled so far
let end = 0; // how far it can be scrolled
let shown = ""; // the conversation

const sizes = new ResizeObserver(keep);

/** Keep the place on the page that is there now; `chat` opens at its end. Safe to repeat. */
export function keepPlace(chat = shown) {
  if (chat !== shown) follows = true;
  shown = chat;
  const found = document.querySelector(".stMain");
  if (!found || found === main) return;
  if (!main) listen();
  main = found;
  main.style.overflowAnchor = "none"; // the browser's own would anchor to what Streamlit reuses
  main.addEventListener("scroll", onScroll, { passive: true });
  sizes.disconnect();
  for (const each of [main, ...main.children]) sizes.observe(each, { box: "border-box" });
  keep();
}

function listen() {
  document.addEventListener(
    "keydown",
    ({ key, shiftKey, isComposing, target }) => {
      if (key === "Enter" && !shiftKey && !isComposing && target.closest?.(BOX)) follows = true;
    },
    true,
  );
  document.addEventListener(
    "click",
    ({ target }) => {
      if (target.closest?.(SEND)) follows = true;
      if (target.closest?.(".st-key-earlier")) stay();
    },
    true,
  );
  document.addEventListener(
    "wheel",
    ({ ctrlKey, deltaY, target }) => {
      // Before the first pixel is scrolled, or following the end could take it back.
      if (deltaY < 0 && !ctrlKey && isChat && main.scrollTop > 0 && !scrollsInside(target)) stay();
    },
    { passive: true, capture: true },
  );
}

/** Return whether something in the conversation, such as a long code, scrolls up itself. */
function scrollsInside(target) {
  if (!main.contains(target)) return true;
  for (let each = target; each !== main; each = each.parentElement) {
    if (each.scrollTop > 0) return true;
  }
  return false;
}

function onScroll() {
  if (!isChat || main.scrollTop === top) return; // what `keep` has done
  const before = { top, end };
  ({ top, end } = now());
  if (top === end && end < before.end) return; // the page became shorter, perhaps for a moment
  if (top > before.top && end - top < NEAR_PX) follows = true;
  else stay();
}

/** Note what is read now. */
function stay() {
  follows = false;
  anchor = null;
  const isBelow = (element) => element.getBoundingClientRect().bottom > edge();
  for (const block of main.querySelectorAll(".clarifai-answer, .clarifai-typed")) {
    if (!isBelow(block)) continue;
    const node = [...block.children].find(isBelow) ?? block;
    anchor = { node, top: node.getBoundingClientRect().top - edge() };
    return;
  }
}

/** Go where the reader is, because something has changed its size. */
function keep() {
  const wasChat = isChat;
  isChat = main.querySelector(BOX) !== null;
  if (isChat !== wasChat) {
    follows = isChat; // a conversation opens at its end, other pages at their top
    if (!isChat) main.scrollTop = 0;
  }
  if (!isChat) return;
  if (follows) main.scrollTop = main.scrollHeight;
  else if (anchor?.node.isConnected) {
    const moved = anchor.node.getBoundingClientRect().top - edge() - anchor.top;
    if (Math.abs(moved) >= 1) main.scrollTop += moved;
  }
  ({ top, end } = now());
}

function now() {
  const end = main.scrollHeight - main.clientHeight;
  // Some browsers end a pixel early.
  return { top: main.scrollTop, end: Math.abs(end - main.scrollTop) <= 1 ? main.scrollTop : end };
}

function edge() {
  return main.getBoundingClientRect().top;
}
