"""Draw which tools go with the questions of the conversation, and who answers their calls."""

from typing import cast

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.messages import OfferedTools
from clarifai_chat.playground import chat_tools
from clarifai_chat.playground.chat_tools import BUILT_IN, BUILT_IN_NAME, NotOffered
from clarifai_chat.playground.runs import MAX_STEPS
from clarifai_chat.text import counted, cut, unused
from clarifai_chat.tools.builtins import BUILTINS
from components.state import chat_settings, offered_tools
from components.state.chat_settings import OFF
from components.state.session import session
from components.state.slots import forget_widgets, has_widget, seed, widget
from components.state.streamlit_patches import uninterrupted

MAX_NAMES = 200  # characters of the line that names the tools


def show() -> None:
    """Draw the choice of tools, and what goes with it while there are some."""
    offered = session.chat["settings"].get("tools")
    labels = _labels(offered)
    now = offered["source"] if offered else ""
    # Drawn afresh in each run: the browser knows an option by its label only, and labels change.
    forget_widgets("set_tools")
    seed("set_tools", now)
    st.selectbox(
        "Tools",
        list(labels),
        key="set_tools",
        format_func=lambda id: labels.get(id, OFF),
        help="What the model may call: the built-in tools, or a set that you saved in the Tool"
        " playground. Each call is shown with its verdict.",
        on_change=_choose,
    )
    if not offered:
        forget_widgets("set_builtins", "set_answers", "set_requests")
        return
    if offered["source"] == BUILT_IN:
        _seed("set_builtins", chat_tools.built_in_ids(offered))
        st.multiselect(
            "Built-in tools",
            list(BUILTINS),
            key="set_builtins",
            format_func=lambda id: BUILTINS[id].label,
            help="  \n".join(f"{b.label}: {b.description}" for b in BUILTINS.values()),
            on_change=_choose_built_in,
        )
    else:
        names = ", ".join(str(spec["function"].get("name", "")) for spec in offered["specs"])
        st.caption(f"{counted(len(offered['specs']), 'tool')}: {escaped(cut(names, MAX_NAMES))}")
    _seed("set_answers", offered["automatic"])
    st.toggle(
        "Answer calls automatically",
        key="set_answers",
        help="Otherwise each call waits for you: approve it, refuse it or write its answer. A tool"
        " that is neither built in nor answered by your last answer in the playground always waits"
        " for yours.",
        on_change=_keep,
    )
    if offered["automatic"]:
        _seed("set_requests", offered["max_requests"])
        st.number_input(
            "Maximum requests for one question",
            min_value=1,
            max_value=MAX_STEPS,
            key="set_requests",
            help="Each may cost money",
            on_change=_keep,
        )


def _labels(offered: OfferedTools | None) -> dict[str, str]:
    """Return a unique label for each choice: the browser sends back only the label."""
    labels = {"": OFF, BUILT_IN: BUILT_IN_NAME}
    for id, name in offered_tools.sets().items():
        labels[id] = unused(name, labels.values())
    if offered and offered["source"] not in labels:
        labels[offered["source"]] = unused(offered["name"], labels.values())
    return labels


def _seed(key: str, value: object) -> None:
    """Let a widget show what the conversation has: it may have changed elsewhere."""
    if has_widget(key) and widget(key) != value:
        forget_widgets(key)
    seed(key, value)


@uninterrupted()
def _choose() -> None:
    settings, wanted = session.chat["settings"], str(widget("set_tools") or "")
    before = settings.get("tools")
    if before and before["source"] == wanted:
        return
    settings.pop("tools", None)
    if wanted == BUILT_IN:
        settings["tools"] = chat_tools.built_in()
    elif wanted:
        try:
            found = offered_tools.from_set(wanted)
        except NotOffered as why:
            st.toast(escaped(str(why)))
            found = before
        else:
            if found is None:
                st.toast("This set was deleted in another tab, or cannot be read at the moment.")
                found = before
        if found:
            settings["tools"] = found
    if before and "tools" in settings:
        now = settings["tools"]
        now["automatic"], now["max_requests"] = before["automatic"], before["max_requests"]
    chat_settings.save({"tools"})


@uninterrupted()
def _choose_built_in() -> None:
    if before := session.chat["settings"].get("tools"):
        offered = chat_tools.built_in(widget("set_builtins") or [])
        offered["automatic"], offered["max_requests"] = before["automatic"], before["max_requests"]
        session.chat["settings"]["tools"] = offered
        if not offered["specs"]:
            del session.chat["settings"]["tools"]
        chat_settings.save({"tools"})


@uninterrupted()
def _keep() -> None:
    """Keep who answers, in a copy: the old settings may be restored."""
    if offered := session.chat["settings"].get("tools"):
        automatic, most = bool(widget("set_answers")), widget("set_requests")
        changed = {**offered, "automatic": automatic}
        if isinstance(most, int):
            changed["max_requests"] = most
        session.chat["settings"]["tools"] = cast(OfferedTools, changed)
        chat_settings.save({"tools"})
