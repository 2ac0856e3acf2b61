"""Write a request in every kind of code."""

from collections.abc import Callable

from clarifai_chat.llm.code import javascript, proxy, python, shell
from clarifai_chat.llm.code.call import Call, Snippet
from clarifai_chat.llm.request import ChatRequest

_WRITERS: dict[str, Callable[[Call], Snippet]] = {
    "litellm": python.with_litellm,
    "openai": python.with_openai,
    "curl": shell.with_curl,
    "javascript": javascript.with_openai,
    "fetch": javascript.with_fetch,
    "proxy": proxy.with_proxy,
}
KINDS = tuple(_WRITERS)


def snippets(request: ChatRequest, api_base: str) -> tuple[Snippet, ...]:
    """Return the code of every kind that sends `request` to the server at `api_base`.

    The code reads the access token from CLARIFAI_PAT in the environment. Nothing in the request is
    redacted: if a message holds a token, so does the code, because it sends the same message.
    """
    return tuple(snippet(kind, request, api_base) for kind in KINDS)


def snippet(kind: str, request: ChatRequest, api_base: str) -> Snippet:
    """Return the code of one kind that sends `request`. `kind` is one of `KINDS`."""
    return _WRITERS[kind](Call(request.body, api_base.rstrip("/")))
