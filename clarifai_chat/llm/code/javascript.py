"""Write a request as JavaScript: with the OpenAI client, and with plain fetch."""

from typing import Any

from clarifai_chat.llm.code.beside import Beside
from clarifai_chat.llm.code.call import KEY, Call, Snippet, about_files
from clarifai_chat.llm.code.literals import JAVASCRIPT, json_text, literal

_KEY = f"""\
const apiKey = process.env.{KEY};
if (!apiKey) throw new Error("Set {KEY} to your access token.");
"""
_READER = 'const base64Of = (name) => readFileSync(name, "base64");\n'
_ANSWER = "console.log({answer}.choices[0].message.content);\n"
_ANSWER_WITH_CALLS = """\
const {{ message }} = {answer}.choices[0];
if (message.content) console.log(message.content);
for (const call of message.tool_calls ?? []) {{
  console.log(call.function.name, call.function.arguments);
}}
"""
_DELTAS = """\
for (const { delta } of chunk.choices) {
  process.stdout.write(delta.content ?? "");
}
"""
_DELTAS_WITH_CALLS = """\
for (const { delta } of chunk.choices) {
  process.stdout.write(delta.content ?? "");
  for (const { function: called } of delta.tool_calls ?? []) {
    if (called.name) process.stdout.write(`\\n${called.name} `);
    process.stdout.write(called.arguments ?? "");
  }
}
"""
_USAGE = """\
if (chunk.usage) {
  const { prompt_tokens, completion_tokens } = chunk.usage;
  console.log(`\\n${prompt_tokens} tokens in, ${completion_tokens} out`);
}
"""


def with_openai(call: Call) -> Snippet:
    """Return the call with OpenAI's client for JavaScript."""
    body, files = _body(call)
    client = literal({"baseURL": call.base}, JAVASCRIPT)[1:-1].strip()
    name = "stream" if call.streams else "response"
    text = (
        f'import OpenAI from "openai";\n\n{_KEY}'
        f"const client = new OpenAI({{ apiKey, {client} }});\n"
        f"const {name} = await client.chat.completions.create({body});\n"
    )
    if call.streams:
        text += f"for await (const chunk of stream) {{\n{_indented(_chunk(call), 1)}}}\n"
    else:
        text += _answer(call, "response")
    how = (
        "Run `npm install openai` (its newest version wants Node.js 22), put your token into the"
        f" environment as `{KEY}`, then run `node ask.mjs`."
    )
    return _snippet("javascript", "JavaScript · OpenAI", "ask.mjs", text, files, how, call)


def with_fetch(call: Call) -> Snippet:
    """Return the call with nothing but what JavaScript itself has."""
    body, files = _body(call, "  ")
    text = f"""\
{_KEY}
const response = await fetch({json_text(call.url)}, {{
  method: "POST",
  headers: {{
    Authorization: `Bearer ${{apiKey}}`,
    "Content-Type": "application/json",
  }},
  body: JSON.stringify({body}),
}});
if (!response.ok) {{
  throw new Error(`${{response.status}} ${{await response.text()}}`);
}}
"""
    if call.streams:
        text += f"""
let rest = "";
for await (const text of response.body.pipeThrough(new TextDecoderStream())) {{
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {{
    const data = line.startsWith("data:") ? line.slice(5).trim() : "";
    if (!data || data === "[DONE]") continue;
    const chunk = JSON.parse(data);
{_indented(_chunk(call), 2)}  }}
}}
"""
    else:
        text += "const answer = await response.json();\n" + _answer(call, "answer")
    how = (
        f"Put your token into the environment as `{KEY}`, then run `node ask_fetch.mjs`"
        " (Node.js 18 or newer)."
    )
    return _snippet("fetch", "JavaScript · fetch", "ask_fetch.mjs", text, files, how, call)


def _snippet(
    kind: str, label: str, filename: str, text: str, files: dict[str, bytes], how: str, call: Call
) -> Snippet:
    if files:
        text = f'import {{ readFileSync }} from "node:fs";\n{_after_imports(text)}'
    rounded = [
        f"JavaScript rounds the number {number}: it is not sent exactly."
        for number in _inexact(call.body)
    ]
    notes = (how, *about_files(files), *rounded)
    return Snippet(kind, label, "javascript", filename, text, files, notes)


def _after_imports(text: str) -> str:
    """Return the source with the function that reads files, after its own imports."""
    imports, blank, code = text.partition("\n\n") if text.startswith("import") else ("", "", text)
    return f"{imports}\n\n{_READER}{code}" if blank else f"\n{_READER}{code}"


def _body(call: Call, indent: str = "") -> tuple[str, dict[str, bytes]]:
    beside = Beside(lambda name: f'base64Of("{name}")', json_text)
    body = {
        "model": call.body["model"],
        **call.body,
        "messages": beside.take(call.body["messages"]),
    }
    # Never on one line: its fields are what is looked for.
    return literal(body, JAVASCRIPT, indent, before=100), beside.files


def _answer(call: Call, name: str) -> str:
    return (_ANSWER_WITH_CALLS if call.has_tools else _ANSWER).format(answer=name)


def _chunk(call: Call) -> str:
    text = _DELTAS_WITH_CALLS if call.has_tools else _DELTAS
    return text + _USAGE


def _indented(text: str, levels: int) -> str:
    return "".join(f"{'  ' * levels}{line}\n" for line in text.splitlines())


def _inexact(value: Any) -> list[int]:
    """Return the whole numbers that a JavaScript number cannot hold."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for part in value for number in _inexact(part)]
    if not isinstance(value, int) or -(2**53) <= value <= 2**53:
        return []
    try:
        return [] if int(float(value)) == value else [value]
    except OverflowError:
        return [value]
