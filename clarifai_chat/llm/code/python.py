"""Write a request as Python: with litellm, and with the OpenAI client."""

import re
from collections.abc import Mapping
from typing import Any

from clarifai_chat.llm.code.beside import Beside
from clarifai_chat.llm.code.call import KEY, OPENAIS, Call, Snippet, about_files
from clarifai_chat.llm.code.literals import PYTHON, Code, literal, python_text

_READER = """
def base64_of(name):
    return base64.b64encode(Path(name).read_bytes()).decode()

"""
_O_SERIES = re.compile(r"o\d")  # what litellm takes a name for that begins so
_JUDGED = "As arguments, litellm would judge these by the model's name, and refuse some."
_AS_SYSTEM = 'With "openai/", litellm would send the system message as the user\'s, by the name.'
_QUIET = """\
litellm.suppress_debug_info = True  # it prints about names that are not in its list
"""
_NO_DOWNLOAD = """\
# Without this, a name with "llama-3" makes litellm download a tokenizer first.
litellm.disable_hf_tokenizer_download = True
"""
_THROUGH = "Outside the inner extra_body, the proxy would rename or drop these."
_BEYOND = "Not in OpenAI's API: its client takes it here only."
_CALLS = """\
        for call in choice.delta.tool_calls or []:
            if call.function.name:
                print(f"\\n{call.function.name}", end=" ")
            print(call.function.arguments or "", end="", flush=True)
"""


def with_litellm(call: Call) -> Snippet:
    """Return the call as the LiteLLM page on Clarifai makes it, with what newer versions need."""
    model = call.body["model"]
    last = model.rsplit("/", 1)[-1]
    roles = {message["role"] for message in call.body["messages"]}
    is_rewritten = bool(_O_SERIES.match(last)) and "system" in roles
    prefix = "custom_openai/" if is_rewritten else "openai/"
    named = ("messages", "model", "stream", "stream_options")
    extra = {name: value for name, value in call.body.items() if name not in named}
    arguments = {
        "model": prefix + model,
        "api_base": call.base,
        "api_key": Code(f'os.environ["{call.key}"]'),
        "messages": call.body["messages"],
        **_only(call.body, "stream", "stream_options"),
        **({"extra_body": extra} if extra else {}),
    }
    comments = {"extra_body": _JUDGED, **({"model": _AS_SYSTEM} if is_rewritten else {})}
    counts = call.streams and re.search("llama-[23]", model, re.IGNORECASE)
    text, files = _program(
        "import litellm\n",
        _QUIET + (_NO_DOWNLOAD if counts else "") + "\n",
        "litellm.completion",
        arguments,
        comments,
        # Without usage, its chunks lack the field.
        'getattr(chunk, "usage", None)',
    )
    return Snippet(
        "litellm",
        "Python · litellm",
        "python",
        "ask.py",
        text,
        files,
        (_how_to("litellm", "ask.py"), *about_files(files)),
    )


def with_openai(call: Call, filename: str = "ask_openai.py") -> Snippet:
    """Return the call with OpenAI's own client."""
    arguments = dict(call.body)
    beyond = {name: arguments.pop(name) for name in call.body if name not in OPENAIS}
    if call.extra:
        beyond["extra_body"] = dict(call.extra)
    if beyond:
        arguments["extra_body"] = beyond
    order = ("model", "messages")
    arguments = _only(arguments, *order) | arguments
    client = _call("OpenAI", {"base_url": call.base, "api_key": Code(f'os.environ["{call.key}"]')})
    text, files = _program(
        "from openai import OpenAI\n",
        f"client = {client}\n",
        "client.chat.completions.create",
        arguments,
        {"extra_body": _THROUGH if call.extra else _BEYOND},
        "chunk.usage",
    )
    return Snippet(
        "openai",
        "Python · OpenAI",
        "python",
        filename,
        text,
        files,
        (_how_to("openai", filename), *about_files(files)),
    )


def _how_to(package: str, filename: str) -> str:
    return (
        f"Run `pip install {package}`, put your token into the environment as `{KEY}`,"
        f" then run `python {filename}`."
    )


def _only(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names if name in body}


def _program(
    imports: str,
    setup: str,
    function: str,
    arguments: dict[str, Any],
    comments: Mapping[str, str],
    usage: str,
) -> tuple[str, dict[str, bytes]]:
    """Return the source of a program and the files that it reads."""
    beside = Beside(lambda name: f'base64_of("{name}")', python_text)
    arguments = {**arguments, "messages": beside.take(arguments["messages"])}
    holder = arguments if "tools" in arguments else arguments.get("extra_body", {})
    tools = ""
    if "tools" in holder:
        tools = f"tools = {literal(holder['tools'], PYTHON, before=8)}\n\n"
        holder["tools"] = Code("tools")
    is_stream = bool(arguments.get("stream"))
    head = "import base64\nimport os\nfrom pathlib import Path\n" if beside.files else "import os\n"
    result = "stream" if is_stream else "response"
    source = (
        f"{head}\n{imports}\n"
        + (f"{_READER}\n" if beside.files else "")
        + setup
        + tools
        + f"{result} = {_call(function, arguments, comments)}\n"
        + (_stream(bool(tools), usage) if is_stream else _answer(bool(tools)))
    )
    return source, beside.files


def _call(
    function: str, arguments: Mapping[str, Any], comments: Mapping[str, str] | None = None
) -> str:
    lines = [f"{function}("]
    for name, value in arguments.items():
        if comments and name in comments:
            lines.append(f"    # {comments[name]}")
        lines.append(f"    {name}={literal(value, PYTHON, '    ', len(name) + 1)},")
    return "\n".join([*lines, ")"])


def _answer(has_tools: bool) -> str:
    if not has_tools:
        return "print(response.choices[0].message.content)\n"
    return """\
message = response.choices[0].message
if message.content:
    print(message.content)
for call in message.tool_calls or []:
    print(call.function.name, call.function.arguments)
"""


def _stream(has_tools: bool, usage: str) -> str:
    return f"""\
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
{_CALLS if has_tools else ""}\
    if usage := {usage}:
        print(f"\\n{{usage.prompt_tokens}} tokens in, {{usage.completion_tokens}} out")
"""
