// Keeps what is typed into the chat box, for each conversation, until it is sent.
//
// Python sends, with each run of a page: { box, chat, name, filled, received, files, forgotten,
// account, traces }. `name` names the conversation's draft: its id, "new" for all that are not
// saved yet, "" for a temporary one, whose draft is never stored. `filled` is what the app itself put
// into the box last, { id, text, waits }: a question to send again, and those that still wait for
// their files. `received` counts the questions that have arrived: until then one may come back.
import { forget, forgetAll, guardAgainst, keep, kept } from "./kept.js";
import { guardTyping, whole, write } from "./typing.js";

const PAUSE_MS = 300; // in typing
const INPUT = '[data-testid="stChatInput"]';
const BOX = '[data-testid="stChatInputTextArea"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const FILE = '[data-testid="stFileChipName"]';
const WHY = {
  token: "A reload will not keep this text: it may contain an access token.",
  room: "A reload will not keep this text: it is too long for this browser's storage.",
};

const drafts = new Map(); // name → { mine, apps, taken }: typed; the app's; the app's, edited
let sent = []; // not received yet: { name, text, isBack }
let now; // what Python sent last, on the chat page
let isHere = false; // on the chat page
let place; // where to say something
let box;
let fillId, received, forgotten;
let beforeFill; // the draft without what was filled in just now
let isSending = false; // since the key or the click that sends, until the box is empty
let isOurs = false; // the change that is being made
let isQuiet = false; // the visitor had the drafts forgotten; the next key stores again
let why = "";
let noted, lost = []; // names of files
let timer;

const inBox = new MutationObserver(look);

// A page that was not reloaded after an update has an older copy of this code.
globalThis.clarifaiChatDrafts?.();
globalThis.clarifaiChatDrafts = () => {
  store();
  isHere = false;
  drafts.clear();
};

guardTyping();
addEventListener("input", typed, true);
addEventListener("keydown", (event) => isEnter(event) && sends(event.target), true);
addEventListener("click", (event) => event.target.closest?.(SEND) && sends(box), true);
addEventListener("pagehide", () => store());
new MutationObserver(() => box?.isConnected || settle()).observe(document.body, {
  childList: true,
  subtree: true,
});

export default function mount({ data, parentElement }) {
  if (data.box) place = parentElement;
  take(data);
}

/** Do what has changed in Python. */
function take(data) {
  look([]); // a question that was sent just now is no draft any more
  store();
  guardAgainst(data.traces);
  const isOtherAccount = kept("account") && kept("account") !== data.account;
  const isForgotten = isOtherAccount || data.forgotten > (forgotten ?? data.forgotten);
  forgotten = data.forgotten;
  const before = now;
  isHere = data.box;
  if (isForgotten) forgetEverything(isHere && before?.chat === data.chat);
  if (data.account) keep("account", data.account);
  else forget("account");
  confirm(data.received);
  if (!isHere) return;
  now = data;
  if (before && before.name !== data.name) rename(before, data);
  fill(data.filled);
  settle();
  beforeFill = undefined;
  noteFiles();
}

function forgetEverything(isOpen) {
  forgetAll();
  drafts.clear();
  sent = [];
  isQuiet = isOpen && Boolean(box?.value);
  if (isQuiet) draft(now.name).mine = box.value; // still before the visitor's eyes
}

/** Follow the open conversation to its new name; drop a temporary one that was left. */
function rename(before, { chat, name }) {
  const old = drafts.get(before.name);
  if (before.chat === chat && old) {
    const mine = joined(draft(name).mine, old.mine);
    drafts.set(name, { ...old, mine });
    for (const each of sent) if (each.name === before.name) each.name = name;
  }
  if (before.chat === chat || before.name === "") {
    drafts.delete(before.name);
    forget(key(before.name));
  }
  lost = [];
  noted = undefined;
}

/** Put in what the app has filled in: before what was typed, and never twice. */
function fill(filled) {
  const mine = draft(now.name);
  if (!filled) Object.assign(mine, { mine: text(now.name), apps: "" }); // another session's
  if (!filled || filled.id === fillId) return;
  fillId = filled.id;
  mine.apps = filled.waits;
  // After a reload, a link fills in again what has been edited since, or was sent but not received.
  const isHeld = mine.mine && (mine.taken === filled.text || mine.mine === filled.text);
  if (!filled.text || isHeld) return;
  beforeFill = mine.mine;
  Object.assign(mine, { mine: joined(filled.text, mine.mine), taken: filled.text });
}

/** Make the box show its draft. */
function settle() {
  const found = isHere && document.querySelector(BOX);
  if (!found) return;
  if (found !== box) adopt(found);
  put(text(now.name));
  store();
}

/** Take a box that is new: after a reload, on the way back from another page. */
function adopt(found) {
  box = found;
  inBox.disconnect();
  const options = { subtree: true, childList: true, characterData: true };
  inBox.observe(box.closest(INPUT), { ...options, attributeFilter: ["disabled"] });
  const early = box.value; // typed before this code was loaded, or Streamlit's
  if (early && early !== text(now.name) && early !== streamlits()) {
    // Streamlit had filled it in before this code was loaded, and it was edited.
    const edited = beforeFill === undefined ? undefined : joined(early, beforeFill);
    draft(now.name).mine = edited ?? joined(draft(now.name).mine, early);
  }
  const has = files();
  lost = (noted ?? kept("files") ?? []).filter((name) => !has.includes(name));
  noted = undefined;
}

function put(wanted) {
  if (box.value === wanted) return;
  isOurs = true;
  write(box, wanted);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  isOurs = false;
}

function typed({ target }) {
  if (isOurs || !isHere || target !== box) return;
  isQuiet = isSending = false;
  Object.assign(draft(now.name), { mine: box.value, apps: "" });
  clearTimeout(timer);
  timer = setTimeout(store, PAUSE_MS);
}

/** As Streamlit has it: some keyboards of phones do not name the key. */
function isEnter({ key, keyCode }) {
  return key === "Enter" || keyCode === 13 || keyCode === 10;
}

function sends(target) {
  if (!isHere || target !== box) return;
  isSending = true;
  if (whole(box.value) === box.value) return;
  draft(now.name).mine = whole(box.value);
  put(whole(box.value));
}

/** See what React has done to the box. */
function look(records) {
  if (!box?.isConnected || !isHere) return;
  const wanted = text(now.name);
  if (isSending && wanted && !box.value) {
    isSending = false;
    sent = sent.filter((each) => !each.isBack); // it is sent again, or given up
    sent.push({ name: now.name, text: wanted });
    drafts.set(now.name, { mine: "", apps: "" });
    lost = [];
    store();
  } else if (box.value === streamlits()) put(wanted); // it came after what was joined with it
  // Streamlit disables the box while the connection is lost.
  const isChanged = records.some((each) => each.target === box && each.attributeName);
  if (isChanged && !box.disabled) takeBack();
  noteFiles();
}

/** The text that Streamlit itself writes into the box for `filled`. */
function streamlits() {
  return now.filled ? joined(now.filled.text, now.filled.waits) : undefined;
}

function takeBack() {
  for (const each of sent.filter(({ isBack }) => !isBack)) {
    each.isBack = true;
    draft(each.name).mine = joined(each.text, draft(each.name).mine);
  }
  settle();
}

/** Forget the questions that have arrived. */
function confirm(count) {
  const news = Math.max(0, count - (received ?? count));
  received = count;
  // It was sent in a way that is not known here, and is not to be sent again.
  if (news > sent.length && box?.value === "" && now) drafts.set(now.name, { mine: "", apps: "" });
  const arrived = sent.splice(0, news);
  for (const { name, text: question, isBack } of arrived) {
    const mine = draft(name);
    if (isBack && mine.mine.startsWith(question)) {
      mine.mine = mine.mine.slice(question.length).trimStart();
    }
    store(name);
  }
}

function draft(name) {
  if (!drafts.has(name)) {
    const { text: mine = "", taken } = (name && kept(key(name))) || {};
    drafts.set(name, { mine: whole(mine), apps: "", taken });
  }
  return drafts.get(name);
}

function text(name) {
  return joined(draft(name).apps, draft(name).mine);
}

function joined(...texts) {
  return texts.filter(Boolean).join("\n\n");
}

function key(name) {
  return `draft.${name}`;
}

function store(name = now?.name) {
  clearTimeout(timer);
  if (isQuiet || !drafts.has(name)) return;
  const unsure = sent.filter((each) => each.name === name && !each.isBack);
  const all = joined(...unsure.map((each) => each.text), text(name));
  let trouble = "";
  if (all && name) trouble = keep(key(name), { text: all, taken: draft(name).taken });
  else forget(key(name));
  if (name === now.name) why = trouble;
  tell();
}

/** The names of the files that go with the next question. */
function files() {
  const chips = box.closest(INPUT).querySelectorAll(FILE);
  return [...now.files, ...Array.from(chips, (each) => each.title || each.textContent)];
}

/** Remember the names of the files: a browser cannot keep the files. */
function noteFiles() {
  if (!box?.isConnected || !isHere) return;
  const has = files();
  if (String(has) === String(noted)) return;
  noted = has;
  if (has.length) lost = [];
  if (has.length && now.name) keep("files", has);
  else forget("files");
  tell();
}

function tell() {
  if (!place?.isConnected || !isHere) return;
  const words = [...(lost.length ? [aboutFiles()] : []), ...(WHY[why] ? [WHY[why]] : [])];
  const said = words.join(" ");
  if (place.textContent === said) return;
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  line.textContent = said;
  place.replaceChildren(...(said ? [line] : []));
}

function aboutFiles() {
  const [these, are, them] = lost.length > 1 ? ["These files", "are", "them"] : ["This file", "is", "it"];
  return `${these} ${are} no longer attached: ${lost.join(", ")}. Attach ${them} again.`;
}
