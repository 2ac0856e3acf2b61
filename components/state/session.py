"""Keep what one browser tab remembers, in groups of slots."""

from collections.abc import Callable

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from clarifai_chat.chat.chats import Chat
from clarifai_chat.chat.turn import Turn
from components.state.access_slots import AccessSlots
from components.state.chat_slots import ChatSlots
from components.state.compare_slots import CompareSlots
from components.state.evaluate_slots import EvaluateSlots
from components.state.playground_slots import PlaygroundSlots
from components.state.stage_slots import StageSlots


class Session(AccessSlots, ChatSlots, CompareSlots, EvaluateSlots, PlaygroundSlots, StageSlots):
    def open_chat(self, chat: Chat) -> None:
        """Open this conversation; replies in the previous one continue."""
        self.chat = chat
        self.shown_turns = 0
        self.editing = self.uncopied = self.asking_other = ""
        self.removed_turns = []
        self.former_settings, self.former_schema, self.linked_system = {}, "", ""
        self.checked_schema, self.searched = {}, {}
        self.counted, self.counting, self.leave_out = {}, None, None
        if chat["model"]:
            self.choose(chat["model"])

    def chat_of(self, turn: Turn) -> Chat:
        """Return the conversation in which a turn is: a compared one, or the open one."""
        for chat in self.compared:
            if any(each["id"] == turn["id"] for each in chat["turns"]):
                return chat
        return self.chat


session = Session()


def is_here() -> Callable[[], bool]:
    """Return a function, for any thread, that returns whether this session is connected."""
    context = get_script_run_ctx()
    session_id = context.session_id if context else ""

    def connected() -> bool:
        return runtime.exists() and runtime.get_instance().is_active_session(session_id)

    return connected
