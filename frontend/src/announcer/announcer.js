// Says to screen readers that a reply has begun and how it ended, never the growing text.
//
// Python sends { now, replies: [{ id, at, name, over, says }] }: `at` is when the reply was asked, by
// the server's clock like `now`; `name` is whose reply it is, if there are several at once; `says` is
// how it ended, "" if something else on the page says so.
const BEGUN = "Answering";
const PAUSE_MS = 700; // between two messages, or a screen reader drops the first
const HIDDEN = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";

const told = new Map(); // id and time of asking → whether the end was told
const waiting = [];
let since; // when this page was loaded, by the server's clock
let region;
let timer;

export default function mount({ data }) {
  since ??= data.now - performance.now() / 1000;
  region ??= makeRegion();
  for (const reply of data.replies) take(reply);
}

function take({ id, at, name, over, says }) {
  const key = `${id} ${at}`;
  if (!told.has(key)) {
    told.set(key, over && at < since); // what was over before the page was loaded is no news
    if (!told.get(key) && (says || !over)) say(name + BEGUN);
  }
  if (!over || told.get(key)) return;
  told.set(key, true);
  if (says) say(name + says);
}

/** Add a message to the live region, after those that wait. */
function say(text) {
  waiting.push(text);
  timer ??= setTimeout(next);
}

function next() {
  const text = waiting.shift();
  timer = text === undefined ? undefined : setTimeout(next, PAUSE_MS);
  if (text === undefined) return;
  const message = document.createElement("p");
  message.textContent = text;
  region.replaceChildren(message);
}

/** The region outlives every redraw of the page: a new one would not be heard. */
function makeRegion() {
  const made = document.createElement("div");
  made.id = "announcer";
  made.setAttribute("role", "status");
  made.setAttribute("aria-live", "polite");
  made.style.cssText = HIDDEN;
  document.body.append(made);
  return made;
}
