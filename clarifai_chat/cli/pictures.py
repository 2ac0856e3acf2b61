"""Keep the pictures that a model makes, and write them into a folder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from clarifai_chat import attachments
from clarifai_chat.attachments import AcceptedFile, FileRejected, kinds, made
from clarifai_chat.chat.turn import Turn
from clarifai_chat.cli.ending import say
from clarifai_chat.events import PictureCame, PictureKept, StreamEvent
from clarifai_chat.messages import Part
from clarifai_chat.text import counted, listed

OPTION = "--pictures FOLDER"
ENDINGS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}


@dataclass(slots=True)
class Pictures:
    """The pictures of one conversation or run, as they came and as they are sent back."""

    folder: Path | None
    written: list[str] = field(default_factory=list)
    _kept: dict[str, AcceptedFile] = field(default_factory=dict)  # by id
    _waiting: list[tuple[str, bytes]] = field(default_factory=list)  # (ending, content)

    def keep(self, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
        """Yield the events of a reply; keep the pictures that come in it."""
        for event in events:
            if isinstance(event, PictureCame) and (data := made.decoded(event.url)):
                name = f"Picture {len(self._kept) + 1}"
                try:
                    file = attachments.accept(name, "", data, len)
                    form = kinds.look(name, "", data).form
                except FileRejected:
                    form = ""
                if form in ENDINGS:
                    self._kept[file.attachment["id"]] = file
                    self._waiting.append((ENDINGS[form], data))
                    event = PictureKept(file.attachment)
            yield event

    def sent(self, turn: Turn) -> list[Part]:
        """Return the pictures of an answer as they are sent with the next question."""
        kept = (self._kept.get(each["id"]) for each in turn.get("pictures", []))
        return attachments.shown([file for file in kept if file])

    def write(self, how: str) -> None:
        """Write what came since the last time, and say where; without a folder, say `how`."""
        if not self._waiting:
            return
        if self.folder is None:
            say(f"The model sent {counted(len(self._waiting), 'picture', one='a')}. {how}")
            return
        names = [self._write(self.folder, *each) for each in self._waiting]
        self._waiting.clear()
        self.written += names
        say(f"Written: {listed(names)}.")

    def _write(self, folder: Path, ending: str, data: bytes) -> str:
        """Write a picture as it came, under a name that is free; return its path."""
        number = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            while True:
                number += 1
                path = folder / f"picture-{number}.{ending}"
                try:
                    with path.open("xb") as file:
                        file.write(data)
                    return str(path)
                except FileExistsError:
                    continue
        except OSError as error:
            raise click.UsageError(f"{folder} cannot be written: {error.strerror}.") from None
