"""Save which models the visitor chose and measured, so that a reload finds them again."""

from clarifai_chat.access_token import holds
from clarifai_chat.history import choices
from clarifai_chat.history.choices import Choices
from components.state import persistence
from components.state.session import session


def load() -> None:
    """Restore what was chosen before this session began. Call it before a page chooses."""
    owner = persistence.owner()
    if session.saved_choices is not None or not owner:
        return
    if found := choices.load(owner):
        _use(choices.merged(_mine(), choices.none(), found))
        session.saved_choices = found


def save() -> None:
    """Save what has changed, unless the chat is temporary. Call it once a page has chosen."""
    owner, before, mine = persistence.owner(), session.saved_choices, _mine()
    if not owner or before is None or mine == before:
        return
    if session.is_temporary:  # nor is it saved later
        session.saved_choices = mine
    elif saved := choices.save(owner, mine, before):
        _use({**saved, "model": session.chosen})  # another tab's model is not for this one
        session.saved_choices = _mine()


def forget() -> None:
    """Forget all that is saved with the visitor; the model stays for this session."""
    session.favourites, session.recent = [], []
    session.measured, session.measuring = {}, {}
    session.saved_choices = _mine()


def _mine() -> Choices:
    """Return what this session has, but for addresses with the access token in them."""
    mine: Choices = {
        "favourites": session.favourites,
        "recent": session.recent,
        "model": session.chosen,
        "measured": session.measured,
    }
    if holds(mine, session.pat):
        for name in ("favourites", "recent"):
            mine[name] = [url for url in mine[name] if not holds(url, session.pat)]
        mine["model"] = "" if holds(session.chosen, session.pat) else session.chosen
        found = session.measured.items()
        mine["measured"] = {url: each for url, each in found if not holds([url, each], session.pat)}
    return mine


def _use(found: Choices) -> None:
    session.favourites, session.recent = found["favourites"], found["recent"]
    session.chosen, session.measured = found["model"], found["measured"]
