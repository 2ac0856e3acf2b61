"""Recover calls that a model wrote as text and its server did not turn into calls.

Only what stands alone or between the marks of a known form is a call. What stands in code or in
prose is an example or a thought: `written_form` names it, and nothing is called.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clarifai_chat import json_text
from clarifai_chat.messages import ToolCall
from clarifai_chat.tools.verdict import call_forms
from clarifai_chat.tools.verdict.json_calls import calls_at, new_call, read_value, skip

MAX_OPENINGS = 64  # each is read once, so that time grows only with the text
_NAME = r"[A-Za-z0-9_.:/-]{1,128}"
# What opens a call, and what follows it: JSON that names its tool, or a name and its arguments.
_OPENING = re.compile(
    rf"""(?P<glm><tool_call>\s{{0,9}}(?P<glm_name>{_NAME})(?=\s{{0,9}}<arg_key>))
       | (?P<tags><tool_call>|<\|?tool_calls?\|?>|<functioncall>|<\|START_ACTION\|>
         |<\|action_start\|>\s{{0,9}}<\|plugin\|>)
       | (?P<mistral>\[TOOL_CALLS\]\s{{0,9}}
         (?:(?P<mistral_name>{_NAME})(?:\[ARGS\])?(?=\s{{0,9}}\{{))?)
       | (?P<llama><\|python_tag\|>|<\|python_start\|>)
       | (?P<function><function=(?P<function_name>{_NAME})>)
       | (?P<kimi>functions\.(?P<kimi_name>{_NAME}):[0-9]{{1,9}}\s{{0,9}}
         (?:<\|tool_call_argument_begin\|>)?(?=\s{{0,9}}\{{))
       | (?P<deepseek><\uff5ctool▁call▁begin\uff5c>
         (?:function<\uff5ctool▁sep\uff5c>)?(?P<deepseek_name>{_NAME})
         (?:<\uff5ctool▁sep\uff5c>)?\s{{0,9}}(?:```json\s{{0,9}})?(?=\{{))
       | (?P<invoke><(?P<mark>[^<>\s"]{{0,12}})invoke\ name="(?P<invoke_name>{_NAME})">)
       | (?P<harmony>to=functions\.(?P<harmony_name>{_NAME})
         (?:\s|<\|[a-z]{{1,20}}\|>|[a-z]{{1,20}}){{0,9}}<\|message\|>(?=\s{{0,9}}\{{))""",
    re.VERBOSE,
)
_FORMS = {
    "glm": "GLM",
    "tags": "Hermes",
    "mistral": "Mistral",
    "llama": "Llama",
    "function": "Qwen XML",
    "kimi": "Kimi",
    "deepseek": "DeepSeek",
    "invoke": "invoke XML",
    "harmony": "harmony",
}
_FENCE = re.compile(r"```[ \t]{0,9}(\w{0,20})[ \t]{0,9}\n(.*?)```", re.DOTALL)
_CALLING_FENCES = ("", "json", "tool_call", "tool_code", "python")
_LEFTOVER = re.compile(r"(?:<\|?[a-z_]{1,30}\|?>|</s>|\s)*", re.IGNORECASE)  # marks of an end
_NAMED = re.compile(rf'"(?:name|tool|tool_name)"\s{{0,9}}:\s{{0,9}}"({_NAME})"')


def recover(text: str, parameters: Mapping[str, Any]) -> list[ToolCall]:
    """Return the calls of tools in `text`, in order; [] if it is just text.

    `parameters` has the schema of each tool by its name; it tells text from numbers where a form
    has no quotes. Never raises. Arguments that are JSON stay as written. The calls have no id yet.
    """
    reader = _Reader(text, frozenset(parameters), parameters)
    try:
        json_text.check_depth(text)
        return list(reader.whole()) or list(reader.fenced()) or list(reader.opened())
    except RecursionError:  # thousands of brackets are not a call
        return []


def written_form(text: str, names: Collection[str]) -> str:
    """Return the form of the first text that looks like a call of one of `names`; "" for none."""
    known = frozenset(names)
    for number, opening in enumerate(_OPENING.finditer(text)):
        if number == MAX_OPENINGS:
            break
        rest = text[opening.start() : opening.end() + 300]
        kind = _kind(opening)
        if kind == "tags" and text.startswith("<function=", skip(text, opening.end())):
            continue  # Qwen writes both
        if any(name in rest for name in known):
            is_llama = kind == "function" and "<parameter=" not in rest
            return "Llama" if is_llama else _FORMS[kind]
    for number, found in enumerate(_NAMED.finditer(text)):
        around = text[found.end() : found.end() + 300]
        if found[1] in known and ('"arguments"' in around or '"parameters"' in around):
            return "JSON"
        if number == MAX_OPENINGS:
            break
    for fence in _fences(text):
        if fence[1] == "tool_code" or call_forms.python_calls(fence[2], tuple(known)):
            return "Python"
    return "Python" if call_forms.python_calls(text, tuple(known)) else ""


def _kind(opening: re.Match[str]) -> str:
    return next(name for name in _FORMS if opening[name])


def _fences(text: str) -> Iterator[re.Match[str]]:
    """Yield the fences of code that `text` has, the first 64."""
    at = 0
    for _ in range(MAX_OPENINGS):
        start = text.find("```", at)
        found = _FENCE.match(text, start) if start >= 0 else None
        if not found:
            return
        yield found
        at = found.end()


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    names: frozenset[str]
    parameters: Mapping[str, Any]

    def whole(self) -> Iterator[ToolCall]:
        """Yield the calls of a text that is nothing else."""
        yield from self._alone(self.text)

    def fenced(self) -> Iterator[ToolCall]:
        """Yield the calls of a text that is nothing but fences of code."""
        text = self.text
        calls: list[ToolCall] = []
        at = skip(text, 0)
        while at < len(text):
            fence = _FENCE.match(text, at)
            if not fence or fence[1] not in _CALLING_FENCES:
                return
            inner = _Reader(fence[2], self.names, self.parameters)
            found = list(inner.whole()) or list(inner.opened())
            if not found:
                return
            calls += found
            at = skip(text, fence.end())
        yield from calls

    def _alone(self, text: str) -> Iterator[ToolCall]:
        start = skip(text, 0)
        if text[start : start + 1] in ("{", "["):
            found, end = calls_at(text, start, self.names, strict=True)
            if found and _LEFTOVER.fullmatch(text, end):
                yield from found
                return
        for name, arguments in call_forms.python_calls(text, tuple(self.names)):
            yield self._converted(name, arguments)

    def opened(self) -> Iterator[ToolCall]:
        """Yield the calls that a form's marks open, outside code."""
        at = 0
        for _ in range(MAX_OPENINGS):
            opening = _OPENING.search(self.text, at)
            if not opening:
                return
            if _is_in_code(self.text, opening.start()):
                at = opening.end()
                continue
            found, at = self._after(opening)
            yield from found

    def _after(self, opening: re.Match[str]) -> tuple[list[ToolCall], int]:
        """Return the calls after an opening, and where to go on."""
        text, kind = self.text, _kind(opening)
        start = skip(text, opening.end())
        name = opening.groupdict().get(f"{kind}_name")
        if name is None:
            return self._unnamed(opening, start)
        if name not in self.names:
            return [], opening.end()
        if text[start : start + 1] == "{":
            written, end = read_value(text, start)
            if written:
                return [new_call(name, written.text)], end
        readers = {
            "glm": ("</tool_call>", call_forms.glm),
            "function": ("</function>", call_forms.qwen_xml),
            "invoke": (f"</{opening['mark']}invoke>", call_forms.invoked),
        }
        if kind in readers:
            closing, read = readers[kind]
            body, end = _until(text, start, closing)
            is_xml = kind != "function" or body.lstrip()[:1] in ("<", "")
            if end and is_xml:
                return [self._converted(name, read(body, self.parameters.get(name)))], end
        return [], opening.end()

    def _unnamed(self, opening: re.Match[str], start: int) -> tuple[list[ToolCall], int]:
        text = self.text
        calls, end = calls_at(text, start, self.names, strict=False)
        if calls:
            return calls, end
        ends = {"tags": ("</tool_call>", "<|/tool_call|>"), "llama": ("<|python_end|>",)}
        body, end = _until(text, start, *ends.get(_kind(opening), ()))
        if found := call_forms.python_calls(body, tuple(self.names)):
            return [self._converted(*each) for each in found], end or len(text)
        spoken = call_forms.python_dict(body)
        if spoken and spoken.get("name") in self.names:
            arguments = spoken.get("arguments", spoken.get("parameters", {}))
            if isinstance(arguments, dict):
                return [self._converted(spoken["name"], arguments)], end or len(text)
        return [], opening.end()

    def _converted(self, name: str, arguments: dict[str, Any]) -> ToolCall:
        return new_call(name, json.dumps(arguments, ensure_ascii=False), "converted")


def _until(text: str, start: int, *closings: str) -> tuple[str, int]:
    """Return the text up to the first of `closings` and where that ends; 0 if there is none."""
    found = [(text.find(closing, start), closing) for closing in closings]
    at, closing = min(((at, each) for at, each in found if at >= 0), default=(-1, ""))
    return (text[start:at], at + len(closing)) if at >= 0 else (text[start:], 0)


def _is_in_code(text: str, at: int) -> bool:
    """Return whether a place in the text is within a fence or a code span."""
    before = text[:at]
    line = before[before.rfind("\n") + 1 :]
    if line.count("`") % 2:
        return True
    marks = re.findall(r"^[ \t>]{0,9}(?:```|~~~)", before, re.MULTILINE)
    return len(marks) % 2 == 1
