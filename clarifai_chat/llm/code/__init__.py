"""Turn a request into code that sends it: Python, curl, JavaScript, a LiteLLM Proxy."""

from clarifai_chat.llm.code.call import Snippet
from clarifai_chat.llm.code.snippets import KINDS, snippet, snippets

__all__ = ["KINDS", "Snippet", "snippet", "snippets"]
