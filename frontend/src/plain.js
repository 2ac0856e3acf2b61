// The editor without CodeMirror: a plain text box.

export function plainText({ box, described, onChange, onSend }, text) {
  const area = document.createElement("textarea");
  for (const [name, value] of Object.entries(described)) area.setAttribute(name, value);
  Object.assign(area, { id: "text", value: text, spellcheck: false, autocapitalize: "off" });
  area.addEventListener("input", onChange);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSend();
  });
  box.append(area);
  return {
    text: () => area.value,
    replace: (newer) => void (area.value = newer),
    remember() {},
    mark(marks) {
      area.setAttribute("aria-invalid", marks.some((mark) => mark.level === "error"));
    },
    end: () => area.remove(),
    moveTo(surface) {
      const had = area.matches(":focus");
      surface.select(area.selectionStart, area.selectionEnd);
      area.remove();
      if (had) surface.focus();
    },
  };
}
