"""Share a conversation, a run or a comparison; revoke what is shared. Nothing here draws."""

from clarifai_chat.config import settings
from clarifai_chat.transfer import sharing
from clarifai_chat.transfer.sharing import HOUR_S, LIFETIMES, NotShared
from components.state import persistence
from components.state.app_address import app_address
from components.state.chat_slots import Sharing
from components.state.session import session
from components.state.slots import widget
from components.state.streamlit_patches import uninterrupted

USUAL = "7 days"


@uninterrupted()
def open_dialog(what: Sharing) -> None:
    session.sharing, session.shared_now, session.not_shared = what, "", ""


@uninterrupted()
def close() -> None:
    session.sharing = None


def lifetimes() -> list[str]:
    """Return how long a link may work: no longer than conversations are kept."""
    days = settings().history_days
    return [name for name, s in LIFETIMES.items() if not days or s <= days * 24 * HOUR_S]


def usual_lifetime() -> str:
    return USUAL if USUAL in lifetimes() else lifetimes()[-1]


def why_not() -> str:
    """Return why what the dialog is about cannot be shared, in a sentence; "" if it can."""
    what = session.sharing
    if not persistence.owner():
        return "This browser sent no cookie, so nothing can be shared from it."
    if what and what["kind"] == "chat" and (why := persistence.why_not()):
        return f"This conversation cannot be shared. {why}"
    compared = session.compared if what and what["kind"] == "comparison" else []
    if any(chat["id"] in session.unsaved_chats for chat in compared):
        return "This comparison contains your access token, so it cannot be shared."
    return ""


@uninterrupted()
def share() -> None:
    """Make a page of what the dialog is about, for as long as was chosen."""
    what, owner = session.sharing, persistence.owner()
    session.shared_now, session.not_shared = "", ""
    if not what or not owner or why_not():
        return
    life_s = LIFETIMES.get(str(widget("share_for")), LIFETIMES[usual_lifetime()])
    secret, app = session.pat, app_address()
    try:
        if what["kind"] == "chat":
            made = sharing.share_chat(owner, session.chat, life_s, secret=secret)
        elif what["kind"] == "comparison":
            made = sharing.share_comparison(owner, session.compared, life_s, secret=secret, app=app)
        else:
            run = next((r for r in session.runs if r["turn"]["id"] == what["run"]), None)
            if run is None:
                return
            made = sharing.share_run(owner, run, life_s, secret=secret, app=app)
        session.shared_now = made.id
    except NotShared as error:
        session.not_shared = str(error)


@uninterrupted()
def revoke(id: str) -> None:
    owner = persistence.owner()
    session.not_shared = ""
    if owner and not sharing.revoke(owner, id):
        session.not_shared = "The link was not revoked: the database failed. Try again."
