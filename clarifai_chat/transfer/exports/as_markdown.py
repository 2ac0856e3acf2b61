"""Write conversations as Markdown that reads well, rendered or not."""

from collections.abc import Iterator, Sequence

from clarifai_chat.chat.chats import Chat, branches, path
from clarifai_chat.chat.turn import Turn
from clarifai_chat.markdown.contained import contained, fenced, line, quoted
from clarifai_chat.messages import Message, Source, is_json, pieces, web_address
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
    for place, message in enumerate(turn["replies"]):
        yield from _message(message, names, thought)
        for name, arguments in words.calls_of(turn, place):
            yield f"Called {line(name)}:\n\n{_code(arguments)}"
    if pictures := turn.get("pictures"):
        yield "\n".join(f"- Picture: {line(words.attached(each))}" for each in pictures)
    yield f"*{line(words.facts(turn))}*"
    if remarks := words.remarks(turn, versions):
        yield "\n".join(f"- {line(remark)}" for remark in remarks)


def _message(message: Message, names: dict[str, str], thought: str) -> Iterator[str]:
    if message["role"] == "tool":
        yield f"{line(words.result_of(message, names))}:\n\n{_code(message['content'])}"
        return
    summary = thought
    for kind, text in pieces(message):
        if kind == "thought":
            yield quoted(f"**{summary}**\n\n{contained(text.strip())}")
            summary = words.MORE_THOUGHTS
        else:
            yield contained(text)
    if sources := message.get("sources"):
        listed = (f"{n}. {_source(n, each)}" for n, each in enumerate(sources, 1))
        yield "Sources:\n\n" + "\n".join(listed)


def _source(number: int, source: Source) -> str:
    title = line(words.source(number, source))
    url = web_address(source["url"])  # an imported file may hold anything
    return f"[{title}](<{url}>)" if url else title


def _code(text: str) -> str:
    return fenced(text, "json" if is_json(text) else "")
