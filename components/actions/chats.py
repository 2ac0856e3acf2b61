"""Switch to another conversation."""

from clarifai_chat.chat import replies
from clarifai_chat.chat.chats import Chat
from components.state import chat_settings
from components.state.session import session
from components.state.slots import forget_widgets


def begin(chat: Chat) -> None:
    """Show another conversation.

    Stops the replies of a conversation that is not saved: there is no way back to them.
    """
    if not session.chat["revision"]:
        for turn in session.chat["turns"]:
            replies.drop(turn)
    chat_settings.leave()
    session.open_chat(chat)
    session.is_temporary = False
    session.deleted_chat = ""
    session.exporting = ""
    forget_widgets("temporary", "all_chats", "delete_sure")
