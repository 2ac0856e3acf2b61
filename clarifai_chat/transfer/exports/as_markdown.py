"""Write conversations as Markdown that reads well, rendered or not."""

from collections.abc import Iterator, Sequence

from clarifai_chat.chat.chats import Chat, branches, path
from clarifai_chat.chat.turn import Turn
from clarifai_chat.markdown.contained import contained, fenced, line, quoted
from clarifai_chat.messages import Message, ToolCall, is_json
from clarifai_chat.transfer.exports import words


def document(chats: Sequence[Chat]) -> str:
    return "\n\n".join(part for chat in chats for part in _chat(chat)) + "\n"


def _chat(chat: Chat) -> Iterator[str]:
    yield f"# {line(words.title(chat))}"
    rows = [("Begun", words.day(chat["created_at"])), *words.settings(chat)]
    yield "\n".join(f"- {name}: {line(value)}" for name, value in rows if value)
    settings = chat["settings"]
    if system := settings.get("system", "").strip():
        yield f"System prompt:\n\n{quoted(contained(system))}"
    if schema := words.schema(chat):
        yield f"Answers follow this JSON Schema:\n\n{fenced(schema, 'json')}"
    versions = branches(chat)
    for turn in path(chat):
        yield from _turn(turn, versions)


def _turn(turn: Turn, versions: words.Versions) -> Iterator[str]:
    yield "## You"
    if turn["prompt"].strip():
        yield contained(turn["prompt"])
    if files := turn.get("attachments"):
        yield "\n".join(f"- Attached: {line(words.attached(each))}" for each in files)
    yield f"## {line(turn['model']['name'])}"
    names = words.tool_names(turn)
    thought = words.thought(turn)
    for message in turn["replies"]:
        yield from _message(message, names, thought)
    yield f"*{line(words.facts(turn))}*"
    if remarks := words.remarks(turn, versions):
        yield "\n".join(f"- {line(remark)}" for remark in remarks)


def _message(message: Message, names: dict[str, str], thought: str) -> Iterator[str]:
    if message["role"] == "tool":
        yield f"{line(words.result_of(message, names))}:\n\n{_code(message['content'])}"
        return
    if thoughts := message.get("reasoning_content", "").strip():
        yield quoted(f"**{thought}**\n\n{contained(thoughts)}")
    if message["content"].strip():
        yield contained(message["content"])
    for call in message.get("tool_calls", []):
        yield _call(call)


def _call(call: ToolCall) -> str:
    function = call["function"]
    name = line(function["name"]) or "a tool without a name"
    return f"Called {name}:\n\n{_code(function['arguments'])}"


def _code(text: str) -> str:
    return fenced(text, "json" if is_json(text) else "")
