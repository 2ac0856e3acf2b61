"""Collect the sources of an answer, wherever a provider puts them."""

from typing import Any

from clarifai_chat.messages import Source, web_address
from clarifai_chat.text import cut, whole

_FIELDS = frozenset(("citations", "search_results", "annotations"))
MAX_SOURCES = 200
MAX_TITLE_CHARS = 200


class Cited:
    """The sources so far: those that the text numbers, then the others in order."""

    def __init__(self) -> None:
        self._numbered: list[Source] = []
        self._others: list[Source] = []
        self._titles: dict[str, str] = {}

    def add(self, sent: dict[str, Any]) -> None:
        """Read the sources in a chunk, a delta, a message or one of its parts."""
        if _FIELDS.isdisjoint(sent):
            return
        # Each chunk repeats the whole list so far; a place in it is a number in the text.
        for name in ("citations", "search_results"):
            found = [_source(each) for each in _items(sent.get(name))]
            self._note_titles(found)
            if len(found) > len(self._numbered):
                self._numbered = found
        for each in _items(sent.get("annotations")):
            if isinstance(each, dict) and each.get("type", "url_citation") == "url_citation":
                inner = each.get("url_citation")
                found = [_source(inner if isinstance(inner, dict) else each)]
                self._note_titles(found)
                self._others += found

    def sources(self) -> list[Source]:
        """Return the sources in the order of their numbers."""
        seen = {source["url"] for source in self._numbered}
        listed = [*self._numbered]
        for source in self._others:
            if source["url"] and source["url"] not in seen and len(listed) < MAX_SOURCES:
                seen.add(source["url"])
                listed.append(source)
        return [
            {"url": s["url"], "title": s["title"] or self._titles.get(s["url"], "")} for s in listed
        ]

    def _note_titles(self, found: list[Source]) -> None:
        for source in found:
            if source["title"]:
                self._titles.setdefault(source["url"], source["title"])


def _items(value: Any) -> list[Any]:
    return value[:MAX_SOURCES] if isinstance(value, list) else []


def _source(sent: Any) -> Source:
    """Return a source as it is kept; what is no web address stays as its title."""
    fields: dict[str, Any] = sent if isinstance(sent, dict) else {"url": sent}
    url = _text(fields.get("url") or fields.get("link"))
    title = cut(_text(fields.get("title")), MAX_TITLE_CHARS)
    if address := web_address(url):
        return {"url": address, "title": title}
    return {"url": "", "title": title or cut(url, MAX_TITLE_CHARS)}


def _text(value: Any) -> str:
    return " ".join(whole(value).split()) if isinstance(value, str) else ""
