"""The context meter above the chat box: what the next question will send and leave out."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from clarifai_chat import background, llm
from clarifai_chat.background import Job
from clarifai_chat.chat import replies
from clarifai_chat.chat.context_window import Meter, measure
from clarifai_chat.chat.request import with_pictures
from clarifai_chat.chat.settings import ChatSettings
from clarifai_chat.chat.token_counts import PER_MESSAGE, TokenCounter
from clarifai_chat.chat.turn import Turn
from clarifai_chat.chat.usage import total
from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import counted
from components.chat.transcript import TurnView
from components.state.session import session
from components.state.slots import forget_widgets, seed, widget
from components.state.streamlit_patches import uninterrupted

AT_ONCE = 100_000  # characters counted while the page is drawn (about 10 ms); more need a job
LABEL = "Context of the next message"
FIT, NONE, NUMBER = "fit", "none", "number"
CHOICES = {
    FIT: "Leave out what does not fit",
    NONE: "Send all of it",
    NUMBER: "Leave out this many of the oldest turns:",
}


class MeterView:
    """The meter on the page. `draw` measures again and updates it."""

    def __init__(
        self,
        places: tuple[DeltaGenerator, DeltaGenerator],
        turns: Sequence[Turn],
        views: Sequence[TurnView],
    ) -> None:
        """`places` hold the line and its popover; `views` are the turns on the page."""
        self._line, self._menu = places
        self._turns = turns
        self._views = {view.turn["id"]: view for view in views}
        self._words: list[DeltaGenerator] = []
        self._marked: TurnView | None = None

    def draw(self, pending: list[Job]) -> None:
        """Draw the line; add jobs that still count to `pending`, for `shell.wait_for_jobs`."""
        # Counting would slow down a reply that is running.
        is_calm = not any(replies.get(turn) for turn in self._turns)
        count = llm.count_tokens if llm.can_count() and is_calm else None
        found = _measured(self._turns, TokenCounter(count, session.counted, most_chars=AT_ONCE))
        if found.is_empty and not session.waiting:
            return
        job = session.counting
        if job and job["state"] == "running":
            pending.append(job)
        elif found.is_rough and is_calm and llm.is_ready() and (not job or job["state"] == "done"):
            session.counting = _count_all(self._turns)  # a failed count is not retried
            pending.append(session.counting)
        self._show(found)

    def _show(self, found: Meter) -> None:
        if not self._words:
            # Only once: `draw` is called again when a reply is over, and keys must not repeat.
            self._words = _show_menu(self._menu, found)
        sentence, details = self._words
        icon = ":orange[:material/warning:] " if not found.fits else ""
        self._line.caption(f"{icon}{escaped(found.line)}")
        sentence.markdown(escaped(found.sentence))
        details.caption("  \n".join(map(escaped, filter(None, _details(found)))))
        self._mark(found)

    def _mark(self, found: Meter) -> None:
        """Mark the last turn that is no longer sent, if it is on the page."""
        last = self._views.get(found.left_out[-1]["id"]) if found.left_out else None
        if self._marked and self._marked is not last:
            self._marked.remark("")
        self._marked = last
        if last:
            why = "they do not fit" if found.chosen is None else "as you chose"
            last.remark(f":material/vertical_align_top: Turns above are no longer sent: {why}.")


def _measured(turns: Sequence[Turn], counter: TokenCounter) -> Meter:
    """Measure the next question, of which only the files are known."""
    files = sum(file["tokens"] or 0 for file in session.waiting)
    return measure(
        turns,
        session.chat["settings"],
        session.model,
        counter,
        asked=PER_MESSAGE + files,
        leave_out=session.leave_out,
    )


def _show_menu(place: DeltaGenerator, found: Meter) -> list[DeltaGenerator]:
    """Draw the popover; return the placeholders for its text."""
    # Filled before it opens: an empty popover would open downwards, where there is no room.
    with place.popover(
        LABEL,  # for screen readers: only the icon is visible
        icon=":material/data_usage:",
        type="tertiary",
        key="meter",
        help=LABEL,
    ):
        words = [st.empty(), st.empty()]
        if found.sent or found.left_out:
            _show_choice(len(found.sent) + len(found.left_out))
    return words


def _count_all(turns: Sequence[Turn]) -> Job:
    """Count the tokens of all turns in the background, for the next run."""
    settings: ChatSettings = {**session.chat["settings"]}
    model, counted = session.model, session.counted
    return background.start(
        lambda: measure(turns, settings, model, TokenCounter(llm.count_tokens, counted)).tokens
    )


def _details(found: Meter) -> list[str]:
    """Return sentences that explain the figures, one line each."""
    turns, files = len(found.sent), [*session.waiting]
    parts = [counted(turns, "turn")] if turns else []
    if session.chat["settings"].get("system"):
        parts.append("the system prompt")
    if "tools" in session.chat["settings"]:
        parts.append("the tools")
    if files:
        parts.append(counted(len(files), "waiting file"))
    texts = [f"Counted: {', '.join(parts) or 'nothing yet'}. Your question is added to that."]
    files += [file for turn in found.sent for file in turn.get("attachments", [])]
    shown = with_pictures(found.sent, found.model)
    files += [f for turn in found.sent if turn["id"] in shown for f in turn.get("pictures", [])]
    if any(file["tokens"] is None for file in files):
        texts[0] += " Images and audio are not counted."
    if found.room is not None:
        texts.append(f"Room for the answer: up to {found.room:,} tokens.")
    if not found.price:
        texts.append(f"The price of {found.model.name} is not known.")
    elif found.price != "free":
        texts.append(f"Cost of sending this: {found.price}; the answer costs extra.")
    rough = " Part of it is not counted yet." if found.is_rough else ""
    texts.append(f"An estimate: each model counts tokens differently.{rough}")
    return [*texts, total(session.chat["turns"]).text]


def _show_choice(turns: int) -> None:
    """Draw the choice of how many older turns to leave out."""
    chosen = {None: FIT, 0: NONE}.get(session.leave_out, NUMBER)
    if widget("older_turns") != chosen:  # the first time, or another conversation
        forget_widgets("older_turns", "leave_out")
    seed("older_turns", chosen)
    st.radio(
        "Older turns",
        list(CHOICES),
        format_func=CHOICES.__getitem__,
        key="older_turns",
        on_change=_choose,
    )
    if chosen == NUMBER:
        number = session.leave_out or 1
        seed("leave_out", number)
        st.number_input(
            "How many of the oldest turns",
            min_value=1,
            max_value=max(number, turns),
            key="leave_out",
            label_visibility="collapsed",
            on_change=_choose_number,
        )


@uninterrupted()
def _choose() -> None:
    choice = widget("older_turns")
    now = _measured(session.turns, TokenCounter(None, session.counted))
    session.leave_out = {FIT: None, NONE: 0}.get(str(choice), max(1, len(now.left_out)))


@uninterrupted()
def _choose_number() -> None:
    session.leave_out = int(widget("leave_out") or 1)
