// The list of conversations: groups, rows that open one, and a menu in each row.
//
// Python sends { groups: [{ heading, chats: [{ id, title, pinned, snippet }] }], open }; the browser
// sends { act, id, title }: open, rename, pin, export or delete the conversation with this id.
import css from "./chats.css";

const NARROW = "(max-width: 768px)"; // there the sidebar covers the page
const FOLD = '[data-testid="stSidebarCollapseButton"] button';

const ATTRIBUTES = /^(aria-.*|role|popover)$/;

const lists = new WeakMap();

export default function mount({ data, parentElement, setTriggerValue }) {
  if (!lists.has(parentElement)) lists.set(parentElement, new List(parentElement));
  const list = lists.get(parentElement);
  list.send = (act) => setTriggerValue("act", act);
  list.take(data);
}

class List {
  constructor(root) {
    this.nav = made("nav", { "aria-label": "Conversations" });
    this.menu = made("div", { role: "menu", popover: "auto" });
    this.menu.addEventListener("keydown", (event) => this.move(event));
    this.menu.addEventListener("toggle", ({ newState }) => {
      this.opener?.setAttribute("aria-expanded", newState === "open");
    });
    const style = made("style", { textContent: css });
    root.replaceChildren(style, this.nav, this.menu);
  }

  take(data) {
    this.data = data;
    const text = JSON.stringify(data);
    if (text === this.drawn || this.isRenaming) return;
    this.drawn = text;
    const focused = this.nav.getRootNode().activeElement?.dataset;
    this.nav.replaceChildren(...data.groups.map((group) => this.group(group)));
    if (focused?.id) this.find(focused.id, focused.part)?.focus();
  }

  find(id, part) {
    return this.nav.querySelector(`[data-id="${CSS.escape(id)}"][data-part="${part}"]`);
  }

  group({ heading, chats }) {
    const section = made("section");
    const rows = made("ul");
    rows.append(...chats.map((chat) => this.row(chat)));
    section.append(made("h2", { textContent: heading }), rows);
    return section;
  }

  row(chat) {
    const row = made("li");
    const open = made("button", { className: "open", title: chat.title, dir: "auto" });
    open.append(made("span", { textContent: chat.title }));
    if (chat.snippet) open.append(made("small", { textContent: chat.snippet }));
    if (chat.id === this.data.open) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => {
      this.send({ act: "open", id: chat.id });
      if (matchMedia(NARROW).matches) document.querySelector(FOLD)?.click();
    });
    const more = made("button", { className: "more", textContent: "⋯" });
    more.setAttribute("aria-label", `Menu of ${chat.title}`);
    more.setAttribute("aria-haspopup", "menu");
    more.setAttribute("aria-expanded", "false");
    more.addEventListener("click", () => this.showMenu(chat, more, row));
    for (const [part, button] of Object.entries({ open, more })) {
      button.type = "button";
      Object.assign(button.dataset, { id: chat.id, part });
    }
    row.append(open, more);
    return row;
  }

  showMenu(chat, opener, row) {
    this.opener = opener;
    const item = (label, act) => {
      const button = made("button", { role: "menuitem", type: "button", textContent: label });
      button.addEventListener("click", () => {
        this.menu.hidePopover();
        opener.focus();
        act();
      });
      return button;
    };
    const send = (act) => () => this.send({ act, id: chat.id });
    this.menu.setAttribute("aria-label", chat.title);
    this.menu.replaceChildren(
      item("Rename", () => this.rename(chat, row)),
      item(chat.pinned ? "Unpin" : "Pin", send("pin")),
      item("Export", send("export")),
      item("Delete", send("delete")),
    );
    this.menu.showPopover();
    const place = opener.getBoundingClientRect();
    const { offsetHeight: height, offsetWidth: width } = this.menu;
    const isLow = place.bottom + height > innerHeight;
    this.menu.style.top = `${isLow ? place.top - height : place.bottom}px`;
    this.menu.style.left = `${Math.min(place.left, innerWidth - width - 8)}px`;
    this.menu.firstChild.focus();
  }

  move(event) {
    const items = [...this.menu.children];
    const at = items.indexOf(this.menu.getRootNode().activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.menu.hidePopover();
    if (event.key === "Escape") this.opener?.focus();
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  }

  rename(chat, row) {
    const field = made("input", { value: chat.title, maxLength: 200, dir: "auto" });
    field.setAttribute("aria-label", "Title");
    this.isRenaming = true;
    const end = (isSaved) => {
      if (!this.isRenaming) return;
      this.isRenaming = false;
      const title = field.value;
      if (isSaved && title !== chat.title) this.send({ act: "rename", id: chat.id, title });
      this.drawn = undefined;
      this.take(this.data);
      this.find(chat.id, "open")?.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    field.addEventListener("blur", () => end(true));
    row.replaceChildren(field);
    field.focus();
    field.select();
  }
}

function made(tag, values = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name in element && !ATTRIBUTES.test(name)) element[name] = value;
    else element.setAttribute(name, value);
  }
  return element;
}
