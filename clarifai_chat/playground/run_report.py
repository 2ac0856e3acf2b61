"""Summarize a run: in a line, compared with another run, as a sequence diagram."""

from collections.abc import Sequence

from clarifai_chat.chat.turn import answer_text, is_over
from clarifai_chat.chat.usage import price, seconds, token_counts
from clarifai_chat.llm import sent_back
from clarifai_chat.messages import ToolCall
from clarifai_chat.playground import parameters
from clarifai_chat.playground.runs import Run, Step, prompt, steps, system
from clarifai_chat.text import counted, cut
from clarifai_chat.tools.verdict.verdict import Status, Verdict

WORDS: dict[Status, str] = {
    "valid": "valid",
    "invalid": "invalid",
    "not_json": "not JSON",
    "unknown_tool": "unknown tool",
    "incomplete": "incomplete",
    "undecided": "not decided",
}
MAX_LABEL_CHARS = 36  # longer labels make the diagram too wide to read
DIAGRAM_LAYOUT = '%%{init: {"sequence": {"mirrorActors": false, "actorMargin": 24}}}%%'


def outcome(run: Run) -> str:
    """Return what the model did: "called get_weather: valid", "2 calls: 1 valid, 1 invalid", "no
    call"."""
    turn = run["turn"]
    judged = [pair for step in steps(run) for pair in step.judged]
    if not judged:
        if not is_over(turn):
            return "running"
        if turn["problem"]:
            return turn["problem"]["what"]
        answer = answer_verdict(run)
        return f"no call, answer: {WORDS[answer.status]}" if answer else "no call"
    words = [word(call, verdict) for call, verdict in judged]
    if len(judged) == 1:
        return f"called {judged[0][1].name or 'a tool without a name'}: {words[0]}"
    counts = ", ".join(f"{words.count(each)} {each}" for each in dict.fromkeys(words))
    return f"{len(judged)} calls: {counts}"


def answer_verdict(run: Run) -> Verdict | None:
    """Return the verdict on the last answer that was to be JSON; None without one."""
    return next((step.answer for step in reversed(steps(run)) if step.answer), None)


def line(run: Run) -> str:
    """Return the run in one line: model, outcome, requests, tokens, price, time."""
    turn = run["turn"]
    requests = len(run["exchanges"]) or len(turn["before"]) + 1  # a chat's are not recorded
    parts = [
        turn["model"]["name"],
        outcome(run),
        f"{counted(requests, 'request')}",
        token_counts(turn),
        price(turn),
    ]
    if duration := duration_s(run):
        parts.append(seconds(duration))
    return " · ".join(parts)


def duration_s(run: Run) -> float | None:
    """Return how long the run's requests took in total; None if one has not ended."""
    turn = run["turn"]
    times = [figures["total_s"] for figures in (*turn["before"], turn["figures"])]
    known = [each for each in times if each is not None]
    return sum(known) if len(known) == len(times) else None


def word(call: ToolCall, verdict: Verdict) -> str:
    """Return the verdict in a word, noting a call that was recovered from text."""
    recovered = " (recovered from text)" if "from_text" in call.get("quirks", []) else ""
    return f"{WORDS[verdict.status]}{recovered}"


def comparison(one: Run, other: Run) -> list[tuple[str, str, str]]:
    """Return rows to compare: (name, value in one run, value in the other)."""
    rows = [_facts(one), _facts(other)]
    compared = [(name, rows[0][name], rows[1][name]) for name in rows[0]]
    ours, theirs = (
        {str(tool["function"].get("name", "")): tool for tool in run["tools"]}
        for run in (one, other)
    )
    changed = [name for name in ours if name in theirs and ours[name] != theirs[name]]
    if changed:
        note = f"{', '.join(changed)} changed between them"
        compared = [
            (name, a, f"{b} ({note})") if name == "Tools" else (name, a, b)
            for name, a, b in compared
        ]
    return compared


def _facts(run: Run) -> dict[str, str]:
    turn = run["turn"]
    first = (turn["before"] or [turn["figures"]])[0]["first_token_s"]
    done = steps(run)
    return {
        "Model": turn["model"]["name"],
        "Prompt": prompt(run),
        "Files": ", ".join(file["name"] for file in turn.get("attachments", [])) or "none",
        "System prompt": system(run) or "none",
        "Tools": ", ".join(str(tool["function"].get("name", "")) for tool in run["tools"])
        or "none",
        "Settings": settings_text(run),
        "Outcome": outcome(run),
        "Calls": "; ".join(_calls(done)) or "none",
        "Answer as JSON": answer.summary if (answer := answer_verdict(run)) else "not asked for",
        "Answer": cut(answer_text(turn).strip(), 300) or "none",
        "Finish reasons": ", ".join(s.figures.get("ending") or "none" for s in done),
        "Tokens": token_counts(turn),
        "Price": price(turn),
        "First token": "not reported" if first is None else seconds(first),
        "Duration": _duration(run),
    }


def _duration(run: Run) -> str:
    duration = duration_s(run)
    if duration is None:
        return "not reported" if is_over(run["turn"]) else "not over"
    return seconds(duration)


def settings_text(run: Run) -> str:
    """Return the sent settings in a line: "tool_choice auto, temperature 0.2, streaming"."""
    settings = run["settings"]
    parts = [f"tool_choice {settings['tool_choice']}"] if run["tools"] else []
    if settings["parallel"] is not None:
        parts.append(f"parallel calls {'on' if settings['parallel'] else 'off'}")
    if settings["strict"] is not None:
        parts.append(f"strict {'on' if settings['strict'] else 'off'}")
    if settings["temperature"] is not None:
        parts.append(f"temperature {settings['temperature']:g}")
    if settings["max_tokens"] is not None:
        parts.append(f"at most {settings['max_tokens']:,} tokens")
    if settings["sent_back"] != "automatic":
        parts.append(f"sent back: {sent_back.label(settings['sent_back'])}")
    if settings["extra"]:
        parts.append(parameters.said(settings["extra"]))
    if settings["mcp_servers"]:
        parts.append(f"MCP servers {', '.join(settings['mcp_servers'])}")
    if settings["messages"]:
        parts.append(f"{counted(len(settings['messages']), 'message')} before the prompt")
    parts.append("streaming" if settings["stream"] else "not streaming")
    return ", ".join(parts)


def _calls(done: Sequence[Step]) -> list[str]:
    functions = [call["function"] for step in done for call, _ in step.judged]
    return [f"{f['name']}({cut(f['arguments'], 200)})" for f in functions]


def diagram(run: Run) -> str:
    """Return the run as a sequence diagram in Mermaid."""
    turn = run["turn"]
    names: dict[str, str] = {}  # tool → its participant
    lines = [f"You->>Model: {_label(prompt(run))}"]
    for step in steps(run):
        if step.message is None:
            continue
        for call, verdict in step.judged:
            function = call["function"]
            tool = names.setdefault(function["name"], f"T{len(names)}")
            arguments = _label(function["arguments"] or "{}")
            lines.append(f"Model->>{tool}: {arguments}")
            lines.append(f"Note right of {tool}: {_label(word(call, verdict))}")
            if call["id"] in step.answers:
                lines.append(f"{tool}-->>Model: {_label(step.answers[call['id']] or 'nothing')}")
        if step.message["content"].strip():
            lines.append(f"Model-->>You: {_label(step.message['content'])}")
    people = ["actor You", f"participant Model as {_label(turn['model']['name'])}"]
    tools = [f"participant {short} as {_label(name or '?')}" for name, short in names.items()]
    return "\n".join(
        [DIAGRAM_LAYOUT, "sequenceDiagram", *(f"    {each}" for each in (*people, *tools, *lines))]
    )


def _label(text: str) -> str:
    """Return text that is safe as a Mermaid label: one line, without its special characters."""
    seen = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    text = cut(" ".join(seen.split()), MAX_LABEL_CHARS) or "nothing"
    escaped = (f"#{ord(sign)};" if sign in '#;:<>%{}[]()"`\\$' else sign for sign in text)
    return "".join(escaped)
