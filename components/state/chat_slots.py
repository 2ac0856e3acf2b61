"""Keep what a tab remembers about the chat page."""

from typing import TypedDict

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.background import Job
from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounts
from clarifai_chat.chat.turn import Turn
from clarifai_chat.transfer.presets import Preset
from components.state.slots import Slot


class CopyRequest(TypedDict):
    """A text on its way into the visitor's clipboard."""

    id: str  # of this one click
    turn: str  # id of the turn whose answer it is
    text: str
    sent_at: float | None  # Unix time; None before


class PendingUpload(TypedDict):
    """A question whose files are being read. It is asked when they are."""

    chat: str  # the id of the conversation in which it was asked
    prompt: str
    names: list[str]
    job: Job  # of clarifai_chat.history.attachment_contents.take


class ChatSlots:
    """The open chat, what goes with the next question, and what Undo brings back."""

    chat = Slot[Chat](chats.new_chat)  # the conversation that is shown; its id names its line
    is_temporary = Slot(bool)  # the visitor's wish that this one is not kept
    deleted_chat = Slot(str)  # id of the one that was deleted last, for Undo
    removed_turns = Slot[list[Turn]](list)  # what was deleted last in this conversation, for Undo
    editing = Slot(str)  # id of the turn whose question is being edited
    reading = Slot[list[PendingUpload]](list)  # questions on their way, in order
    waiting = Slot[list[Attachment]](list)  # files that go with the next question
    refused = Slot[list[str]](list)  # a sentence for each file that could not go with the last one
    to_copy = Slot[CopyRequest | None](lambda: None)  # what was copied last
    uncopied = Slot(str)  # id of the turn whose answer the browser would not copy
    counted = Slot[TokenCounts](dict)  # tokens of this conversation's turns, each counted once
    counting = Slot[Job | None](lambda: None)  # of those that take longer to count
    leave_out = Slot[int | None](lambda: None)  # so many of the oldest; None is what does not fit
    chat_query = Slot(str)
    listed_chats = Slot(lambda: 30)  # how many are listed
    address_chat = Slot(str)  # the ?chat= that was taken from the address already
    address_texts = Slot[dict[str, str]](dict)  # the ?system= and ?q= that were taken already
    linked_system = Slot(str)  # the system prompt that a link set in this conversation
    former_settings = Slot[ChatSettings](ChatSettings)  # what the app replaced in it, for Undo
    former_schema = Slot(str)  # what was typed before JSON answers were switched
    checked_schema = Slot[dict[str, str]](dict)  # the schema checked last → what is wrong with it
    presets = Slot[dict[str, Preset]](dict)  # where they are not saved
    former_presets = Slot[dict[str, Preset]](dict)  # deleted or replaced last, for Undo
    shown_turns = Slot(lambda: 0)  # how many more than usual are drawn
    drawn_turns = Slot(lambda: 0)  # how many the last run drew

    @property
    def turns(self) -> list[Turn]:
        """The branch of the conversation that is shown, from its first turn to its last."""
        return chats.path(self.chat)
