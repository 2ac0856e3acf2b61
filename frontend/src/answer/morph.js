// Changes nodes into others, and touches only what differs: what is selected stays selected.

/** Make `old`, which are children of `parent`, what `fresh` are. `dress` gets each new element. */
export function morph(parent, old, fresh, dress) {
  const before = old.at(-1)?.nextSibling ?? null;
  fresh.forEach((node, i) => {
    if (i < old.length) change(old[i], node, dress);
    else put(parent, node, before, dress);
  });
  for (const node of old.slice(fresh.length)) node.remove();
}

function put(parent, node, before, dress) {
  remember(node);
  parent.insertBefore(node, before);
  if (node.nodeType === 1) dress(node);
}

function change(old, fresh, dress) {
  if (fresh.nodeType !== 1) {
    if (old.nodeType !== fresh.nodeType) old.replaceWith(fresh);
    else if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  const source = fresh.outerHTML;
  if (old.source === source) return; // the same, whatever it was dressed with
  if (old.nodeType !== 1 || !isAlike(old, fresh)) {
    remember(fresh);
    old.replaceWith(fresh);
    dress(fresh);
    return;
  }
  old.source = source;
  if (old.tagName === "PRE") {
    old.querySelector("code").textContent = fresh.textContent;
    dress(old);
  } else morph(old, [...old.childNodes], [...fresh.childNodes], dress);
}

/** Note what elements were before they were dressed. */
function remember(node) {
  if (node.nodeType !== 1) return;
  for (const each of [node, ...node.querySelectorAll(".math, pre, a")]) each.source = each.outerHTML;
}

/** Return whether only the children can differ. */
function isAlike(old, fresh) {
  if (old.tagName !== fresh.tagName || old.tagName === "A") return false;
  if (old.tagName === "PRE") return old.dataset.language === fresh.dataset.language;
  return !old.classList.contains("math") && attributes(old) === attributes(fresh);
}

function attributes(element) {
  return [...element.attributes].map(({ name, value }) => `${name}=${value}`).join("\n");
}
