"""Hold the turns of a conversation, and build the request for its next question."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from clarifai_chat import attachments, llm
from clarifai_chat.access_token import holds
from clarifai_chat.attachments import AcceptedFile
from clarifai_chat.catalog import Model
from clarifai_chat.chat.request import chat_request
from clarifai_chat.chat.settings import ANY_JSON, ChatSettings, given, stops_in
from clarifai_chat.chat.token_counts import TokenCounter
from clarifai_chat.chat.turn import Turn, asked_of, new_turn
from clarifai_chat.cli.ending import Refused
from clarifai_chat.cli.inputs import read_text
from clarifai_chat.cli.pictures import Pictures
from clarifai_chat.llm.request import ChatRequest

REFUSAL = "Your access token is in what would be sent, so nothing was sent. Remove it first."


def settings_of(
    stop: Sequence[str] = (), json_mode: bool = False, schema: Path | None = None, **rest: Any
) -> ChatSettings:
    """Return the settings that are given on a command line."""
    named: dict[str, Any] = {**rest, "stop": [each for line in stop for each in stops_in(line)]}
    if schema is not None:
        named["json_schema"] = read_text(schema)
    elif json_mode:
        named["json_schema"] = ANY_JSON
    return given(cast(ChatSettings, {k: v for k, v in named.items() if v is not None}))


class Conversation:
    """A conversation with one model. `pat` is there to make sure that it is not sent on."""

    def __init__(
        self,
        model: Model,
        settings: ChatSettings,
        pat: str,
        *,
        stream: bool,
        pictures: Path | None = None,
    ) -> None:
        self.model = model
        self.pictures = Pictures(pictures)
        self.settings = settings
        self.turns: list[Turn] = []
        self._pat = pat
        self._stream = stream
        self._files: dict[str, Sequence[AcceptedFile]] = {}

    def add(self, prompt: str, files: Sequence[AcceptedFile] = ()) -> Turn:
        """Add a question, with the files that go with it."""
        turn = new_turn(prompt, asked_of(self.model))
        if files:
            turn["attachments"] = [file.attachment for file in files]
            self._files[turn["id"]] = files
        self.turns.append(turn)
        return turn

    def request(self, turn: Turn) -> ChatRequest:
        """Build the request that asks a turn. Raises a `ChatError`, or `Refused`."""
        request = chat_request(
            turn,
            self.turns,
            self.settings,
            self.model,
            counter=TokenCounter(llm.count_tokens),
            content=lambda each: attachments.parts(each["prompt"], self._files.get(each["id"], ())),
            pictures=self.pictures.sent,
        )
        return without_token(replace(request, stream=self._stream), self._pat)


def without_token(request: ChatRequest, pat: str) -> ChatRequest:
    """Return the request. Raises `Refused` where the token is in it."""
    if holds(request.body, pat):
        raise Refused(REFUSAL)
    return request
