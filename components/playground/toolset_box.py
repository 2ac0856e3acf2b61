"""Export the playground's tools, prompt and settings as a link or a file, and import them."""

import streamlit as st

from clarifai_chat.access_token import holds
from clarifai_chat.playground import pasted, toolset
from clarifai_chat.playground.pasted import BadPaste
from clarifai_chat.playground.toolset import MAX_FILE_BYTES, BadToolSet
from components.playground import tool_text
from components.state.session import session
from components.state.slots import forget_widgets, widget
from components.state.streamlit_patches import uninterrupted

TOO_LARGE = "There are too many tools for a link. Export them as a file instead."
REMOVE_IT = (
    "The tools or a prompt contain your access token. Remove it: links and files get passed on."
)


def take_address() -> bool:
    """Fill the playground from `?tools=`, once; return whether this call did."""
    asked = str(st.query_params.get("tools", ""))
    if not asked or asked == session.address_tools:
        return False
    session.address_tools = asked
    try:
        tool_text.open_set(toolset.from_parameter(asked))
    except BadToolSet as error:
        st.toast(str(error), icon=":material/link_off:")
        return False
    return True


def show() -> None:
    with st.popover(
        "Export and import", icon=":material/folder_open:", key="toolset", on_change="rerun"
    ) as box:
        if not box.open:
            return
        current = tool_text.current()
        if holds(current, session.pat):
            st.warning(REMOVE_IT)
        else:
            _show_exports(current)
        st.text_area(
            "Paste a request",
            key="paste_request",
            height=90,
            placeholder='curl … or {"model": …, "messages": […]}',
            help="A curl command or the JSON body of a chat request becomes prompt, messages, tools"
            " and settings. Its server and its key are not read.",
            on_change=_paste,
        )
        st.file_uploader(
            "Import a file",
            type=["json", "txt"],
            key="open_tools",
            help="Tools as JSON, a file exported here, or the JSON body of a request",
            max_upload_size=max(1, MAX_FILE_BYTES // 1_000_000),
            on_change=_open_file,
        )


def _show_exports(current: toolset.ToolSet) -> None:
    parameter = toolset.to_parameter(current)
    if parameter is None:
        st.caption(TOO_LARGE)
    else:
        st.caption("A link with tools, prompt, model and settings. Opening it sends nothing.")
        address = (st.context.url or "").split("?")[0]
        st.code(f"{address}?tools={parameter}", language=None, wrap_lines=True)
    st.download_button(
        "Export as a file",
        toolset.to_json(current),
        file_name="tools.json",
        mime="application/json",
        key="save_tools",
        icon=":material/download:",
        on_click="ignore",
    )


@uninterrupted()
def _open_file() -> None:
    upload = widget("open_tools")
    if upload is None:
        return
    try:
        text = upload.getvalue().decode("utf-8-sig")
        if pasted.is_request(text):
            _open_request(text)
        else:
            tool_text.open_set(toolset.from_json(text))
    except UnicodeDecodeError:
        st.toast("The file is not text. Tools are saved as JSON, in UTF-8.")
    except (BadPaste, BadToolSet) as error:
        st.toast(str(error))


@uninterrupted()
def _paste() -> None:
    text = str(widget("paste_request") or "")
    if not text.strip():
        return
    try:
        _open_request(text)
    except BadPaste as error:
        st.toast(str(error), icon=":material/content_paste_off:")
    else:
        forget_widgets("paste_request")  # a curl command usually holds a key


def _open_request(text: str) -> None:
    found = pasted.read(text)
    tool_text.open_set(found.toolset)
    opened = "The request is in the playground. Undo restores what was there."
    st.toast("\n\n".join((opened, *found.notes)))
