// Connects two mounts, in any order: one provides CodeMirror, the other waits for it.

export function codemirror() {
  return (globalThis.clarifaiChatEditor ??= promised());
}

function promised() {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  return made;
}
