"""Keep what a tab remembers about the chat page."""

from typing import Literal, TypedDict

from clarifai_chat.attachments.attachment import Attachment
from clarifai_chat.background import Job
from clarifai_chat.chat import chats
from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import TokenCounts
from clarifai_chat.chat.turn import Turn
from clarifai_chat.history.file_reading import Guess
from clarifai_chat.transfer.presets import Preset
from components.state.slots import Slot


class CopyRequest(TypedDict):
    """A text on its way to the visitor's clipboard."""

    id: str  # of this one click
    turn: str  # id of the turn whose answer it is
    text: str
    sent_at: float | None  # Unix time; None until then


class Filled(TypedDict):
    """What the app itself put into the chat box."""

    id: str  # of this one time
    text: str  # for the visitor to send
    waits: str  # questions that will be asked once their files have been read


class PendingUpload(TypedDict):
    """A question that is asked once its files have been read."""

    chat: str  # the id of the conversation in which it was asked
    prompt: str
    names: list[str]
    job: Job  # of clarifai_chat.history.file_reading.read_uploads


class Sharing(TypedDict):
    """What the dialog "Share" is about."""

    kind: Literal["chat", "run", "comparison", "list"]  # the last: only what is shared already
    run: str  # id of the run's turn, or ""


class ChatSlots:
    """The open chat, what goes with the next question, and what Undo restores."""

    chat = Slot[Chat](chats.new_chat)  # the open conversation; its id names its queue
    is_temporary = Slot(bool)  # this conversation is not saved
    deleted_chat = Slot(str)  # id of the conversation deleted last, for Undo
    turns_at_delete = Slot(int)  # of the open conversation then: the next question ends the offer
    exporting = Slot(str)  # id of the conversation whose files are offered
    sharing = Slot[Sharing | None](lambda: None)
    shared_now = Slot(str)  # id of the page that was shared last in the open dialog
    not_shared = Slot(str)  # one sentence: why something was not shared or revoked
    wants_chat_page = Slot(bool)  # a click elsewhere opened a conversation
    removed_turns = Slot[list[Turn]](list)  # deleted last in this conversation, for Undo
    editing = Slot(str)  # id of the turn whose question is being edited
    asking_other = Slot(str)  # id of the turn below which every model is offered
    reading = Slot[list[PendingUpload]](list)  # questions whose files are being read, in order
    waiting = Slot[list[Attachment]](list)  # files for the next question
    filled = Slot[Filled | None](lambda: None)  # put into the box last
    received = Slot(int)  # how many questions the box has sent
    guesses = Slot[dict[str, Guess]](dict)  # how those were read of which it is a guess, by id
    is_wordless = Slot(bool)  # the question that they came with has no text
    refused = Slot[list[str]](list)  # one sentence for each file that was refused last
    to_copy = Slot[CopyRequest | None](lambda: None)  # what was copied last
    uncopied = Slot(str)  # id of the turn whose answer the browser refused to copy
    counted = Slot[TokenCounts](dict)  # tokens of this conversation's turns
    counting = Slot[Job | None](lambda: None)  # counts the long ones
    leave_out = Slot[int | None](
        lambda: None
    )  # how many of the oldest turns; None: those that do not fit
    searched = Slot[dict[str, int]](dict)  # turns without the token, by id; see persistence.py
    chat_query = Slot(str)
    listed_chats = Slot(lambda: 30)  # how many the list shows
    address_chat = Slot(str)  # the ?chat= of the URL that was applied last
    address_copy = Slot(str)  # the ?copy= that was applied last
    address_texts = Slot[dict[str, str]](dict)  # the ?system= and ?q= that were applied last
    linked_system = Slot(str)  # the system prompt that a link set in this conversation
    copied_chat = Slot(str)  # id of the conversation that is a copy of a shared one
    former_settings = Slot[ChatSettings](ChatSettings)  # replaced last, for Undo
    former_schema = Slot(str)  # the schema typed before the JSON mode was changed
    checked_schema = Slot[dict[str, str]](dict)  # the schema checked last → what is wrong with it
    presets = Slot[dict[str, Preset]](dict)  # if they are not saved
    former_presets = Slot[dict[str, Preset]](dict)  # deleted or replaced last, for Undo
    shown_turns = Slot(lambda: 0)  # how many more than usual are drawn
    drawn_turns = Slot[list[str]](list)  # what the last run drew; see chat_pane.py

    @property
    def turns(self) -> list[Turn]:
        """The branch of the conversation that is shown, from its first turn to its last."""
        return chats.path(self.chat)
