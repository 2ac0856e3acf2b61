"""Draw what is below a finished answer: how it ended, its figures, and its buttons."""

from collections.abc import Mapping, Sequence

import streamlit as st

from clarifai_chat.chat.turn import (
    ERROR,
    INTERRUPTED,
    STOPPED,
    UNWATCHED,
    Turn,
    answer_text,
    can_continue,
    lacks_answer,
)
from clarifai_chat.errors import Unreachable
from clarifai_chat.playground import chat_tools
from components.actions.turn_actions import Action, ActionName, Other
from components.reply import reply_line
from components.state.slots import set_widget, widget

MENU: dict[str, ActionName] = {
    "Edit question": "edit",
    "Retry": "retry",
    "Continue in a new chat": "fork",
    "Get code": "code",
    "Save a recording": "record",
    "Open in the playground": "playground",
    "Delete": "take_out",
}
ASK_OTHER = "Ask another model…"
# Only their icon is visible; the label is for screen readers and the tooltip.
ICONS = ("older", "newer", "copy", "turn")
MAX_OTHERS = 5
THUMBS = {"up": 1, "down": 0}  # as st.feedback has them

# Without a label, Streamlit would name the button after its icon: "content_copy icon".
HIDDEN = """:is([data-testid="stMarkdownContainer"], div[aria-hidden]) {
position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }"""

# The next step for each way of ending.
ASK_AGAIN = (STOPPED, UNWATCHED, INTERRUPTED, ERROR, "content_filter")
ASK_DEMO = {"NoPat", "NoKey", "NoServer", "SharedPatSpent", "SharedPatElsewhere", "Unreachable"}
ASK_DEMO |= {kind.__name__ for kind in Unreachable.__subclasses__()}


def style(others: str = "") -> None:
    """Hide the labels of icon buttons visually. Call it early; it takes no space on the page.

    `others` are style elements that the page needs besides.
    """
    keys = ", ".join([".st-key-meter", *(f'[class*="st-key-{name}-"]' for name in ICONS)])
    # A few pixels of the line's contents overflow it; without this it would get scrollbars.
    line = ".st-key-box_line { overflow: visible }"
    st.html(f"<style>:is({keys}) button {HIDDEN} {line}</style>{others}")


def next_steps(turn: Turn) -> list[tuple[ActionName, str, str]]:
    """Return the likely next steps after an incomplete answer: action, label, icon."""
    problem = turn["problem"]
    steps: list[tuple[ActionName, str, str]] = []
    if can_continue(turn) or chat_tools.can_go_on(turn):
        steps.append(("resume", "Continue", ":material/resume:"))
    is_odd = turn["ending"] in ASK_AGAIN or lacks_answer(turn)
    if problem["can_retry"] if problem else is_odd:
        steps.append(("retry", "Retry", ":material/refresh:"))
    if problem and problem["kind"] in ASK_DEMO:
        steps.append(("use_demo", "Ask the Demo instead", ":material/theater_comedy:"))
    return steps


def show(
    turn: Turn,
    actions: Mapping[ActionName, Action],
    *,
    steps: Sequence[tuple[ActionName, str, str]] = (),
    branch: tuple[int, int] = (1, 1),
    others: Sequence[Other] = (),
    is_uncopied: bool = False,
) -> None:
    """Draw the footer.

    `branch` is this version's number and how many there are; `is_uncopied`: the browser refused to
    copy.
    """
    has_figures = bool(turn["replies"]) or not turn["problem"]
    if line := reply_line.text(turn) if has_figures else reply_line.asked_without(turn):
        st.caption(line)
    if not steps:
        _show_icons(turn, actions, branch, others)
    else:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for action, label, icon in steps:
                button(turn, actions, action, label, icon)
            _show_icons(turn, actions, branch, others)
    if is_uncopied:
        st.caption("This browser does not let the page copy. Copy the Markdown from here:")
        st.code(answer_text(turn), language="markdown", wrap_lines=True, height=240)


def button(
    turn: Turn,
    actions: Mapping[ActionName, Action],
    action: ActionName,
    label: str,
    icon: str,
    *,
    disabled: bool = False,
) -> None:
    """Draw a button for one turn."""
    st.button(
        label,
        key=f"{action}:{turn['id']}",
        icon=icon,
        help=label if action in ICONS else None,
        type="tertiary" if action in ICONS else "secondary",
        disabled=disabled,
        on_click=actions[action],
        args=(turn,),
    )


def _show_icons(
    turn: Turn,
    actions: Mapping[ActionName, Action],
    branch: tuple[int, int],
    others: Sequence[Other],
) -> None:
    """Draw the version switch, Copy, the thumbs and the menu in one line."""
    number, count = branch
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        if count > 1:
            left, right = ":material/chevron_left:", ":material/chevron_right:"
            button(turn, actions, "older", "Earlier version", left, disabled=number == 1)
            st.caption(f"{number}/{count}", width="content")
            button(turn, actions, "newer", "Later version", right, disabled=number == count)
        if "copy" in actions and answer_text(turn).strip():
            button(turn, actions, "copy", "Copy as Markdown", ":material/content_copy:")
            _show_thumbs(turn, actions["rate"])
        if set(actions) >= set(MENU.values()):
            _show_menu(turn, actions, others)


def _show_thumbs(turn: Turn, rate: Action) -> None:
    key = f"feedback:{turn['id']}"
    rating = THUMBS.get(turn.get("feedback", ""))
    if widget(key) != rating:  # first run, page change, or another tab
        set_widget(key, rating)
    st.feedback("thumbs", key=key, on_change=rate, args=(turn,))


def _show_menu(turn: Turn, actions: Mapping[ActionName, Action], others: Sequence[Other]) -> None:
    entries: dict[str, Action] = {}
    for label, name in MENU.items():
        entries[label] = actions[name]
        if name == "retry":
            entries |= {other.label: other.ask for other in _offered(turn, others)}
            entries[ASK_OTHER] = actions["choose_other"]
    st.menu_button(
        "More",
        list(entries),
        key=f"turn:{turn['id']}",
        type="tertiary",
        icon=":material/more_horiz:",
        help="Edit, retry, continue in a new chat, get code, record, playground, delete",
        on_click=_choose,
        args=(turn, entries),
    )


def show_models(
    turn: Turn, labels: Mapping[str, str], actions: Mapping[ActionName, Action]
) -> None:
    """Draw the choice of any model for the same question; choosing one asks it."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Ask another model the same question",
            list(labels),
            index=None,
            key=f"other_model:{turn['id']}",
            format_func=lambda url: labels.get(url, ""),
            placeholder="Search by name or provider",
            width=420,  # narrower pages wrap the line
            on_change=actions["ask_other"],
            args=(turn,),
        )
        button(turn, actions, "leave_other", "Cancel", ":material/close:")


def _offered(turn: Turn, others: Sequence[Other]) -> list[Other]:
    """Return a few models except the one that answered, always with the last (the Demo)."""
    rest = [other for other in others if other.url != turn["model"]["url"]]
    return [*rest[:-1][: MAX_OTHERS - 1], *rest[-1:]]


def _choose(turn: Turn, entries: Mapping[str, Action]) -> None:
    if action := entries.get(widget(f"turn:{turn['id']}")):
        action(turn)
