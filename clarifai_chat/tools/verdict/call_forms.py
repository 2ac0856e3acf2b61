"""Read the forms, other than JSON, in which models write calls as text.

Each is what a model's chat template teaches it; a server that knows the template turns it into
native calls. Sources: the templates of Qwen3-Coder, GLM 4.5, DeepSeek V3 and V3.2, MiniMax M2,
gpt-oss, Llama 4 and Gemma on Hugging Face, and vLLM's tool parsers.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clarifai_chat import json_text

LONGEST = 20_000  # characters of Python that are parsed
Found = list[tuple[str, dict[str, Any]]]  # name and arguments of each call

_QWEN = re.compile(r"<parameter=([^<>\n]{1,128})>")
_INVOKE = re.compile(
    r'<[^<>\s"]{0,12}parameter name="([^"\n]{1,128})"(?:\s{1,9}string="(true|false)")?\s{0,9}>'
)
_END_OF_INVOKE = re.compile(r'</[^<>\s"/]{0,12}parameter>')
_GLM = re.compile(r"<arg_key>([^<]{1,128})</arg_key>\s{0,9}<arg_value>")


def qwen_xml(body: str, parameters: Any) -> dict[str, Any]:
    """Read `<parameter=city>Rome</parameter>…`, as Qwen3-Coder writes arguments."""
    found = _before(body.split("</parameter>"), _QWEN)
    return {key[1]: _typed(value, key[1], parameters) for key, value in found}


def invoked(body: str, parameters: Any) -> dict[str, Any]:
    """Read `<parameter name="city">Rome</parameter>…`, as MiniMax and DeepSeek write arguments."""
    found: dict[str, Any] = {}
    for key, value in _before(_END_OF_INVOKE.split(body), _INVOKE):
        name, is_text = key.groups()
        if is_text is None:
            found[name] = _typed(value, name, parameters)
        else:
            found[name] = value if is_text == "true" else _json(value)
    return found


def glm(body: str, parameters: Any) -> dict[str, Any]:
    """Read `<arg_key>city</arg_key><arg_value>Rome</arg_value>…`, as GLM writes arguments."""
    found = [(key[1].strip(), value) for key, value in _before(body.split("</arg_value>"), _GLM)]
    return {key: _typed(value, key, parameters) for key, value in found}


def _before(parts: list[str], opening: re.Pattern[str]) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the opening in each part but the last, which nothing closes, and what follows it."""
    for part in parts[:-1]:
        if key := opening.search(part):
            yield key, part[key.end() :]


def python_calls(text: str, names: Sequence[str]) -> Found:
    """Read `[get_weather(city="Rome"), …]`, as Llama and Gemma write calls; [] for other text."""
    text = text.strip()
    if len(text) > LONGEST or not re.match(r"\[?\s*[A-Za-z_][\w.]*\(", text):
        return []
    try:
        tree = ast.parse(text, mode="eval").body
        calls = tree.elts if isinstance(tree, ast.List) else [tree]
        return [_python_call(call, names) for call in calls]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return []


def _python_call(call: ast.expr, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return a call's name and arguments. Raises `ValueError` for what is no call of a tool."""
    if not isinstance(call, ast.Call) or call.args:
        raise ValueError
    name = ast.unparse(call.func)
    if name not in names:
        raise ValueError(name)
    found = {each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg}
    if len(found) < len(call.keywords):
        raise ValueError("**")
    return name, _plain(found)


def python_dict(text: str) -> dict[str, Any] | None:
    """Read `{'city': 'Rome', 'now': True}`; None for other text."""
    text = text.strip()
    if len(text) > LONGEST or text[:1] != "{":
        return None
    try:
        found = ast.literal_eval(text)
        return _plain(found) if isinstance(found, dict) else None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return the same as JSON has it. Raises `ValueError` or `TypeError` for what it has not."""
    plain: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))
    return plain


def _typed(value: str, key: str, parameters: Any) -> Any:
    """Return a value written without quotes: text where the schema wants text, else JSON."""
    value = value.removeprefix("\n").removesuffix("\n")
    return value if "string" in _types(key, parameters) else _json(value)


def _types(key: str, parameters: Any) -> set[str]:
    """Return the types that a schema names for a property."""
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    schema = properties.get(key) if isinstance(properties, Mapping) else None
    if not isinstance(schema, Mapping):
        return set()
    either = [schema, *(each for each in _list(schema.get("anyOf")) if isinstance(each, Mapping))]
    named: list[Any] = []
    for each in either:
        kind = each.get("type")
        named += kind if isinstance(kind, list) else [kind]
    return {kind for kind in named if isinstance(kind, str)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _json(value: str) -> Any:
    """Return what the text is in JSON, or as Python writes it; the text itself if it is neither."""
    try:
        return json_text.read(value)
    except (ValueError, RecursionError):
        return {"True": True, "False": False, "None": None}.get(value.strip(), value)
