"""Export the playground's tools, prompt and settings as a link or a file, and import them."""

import streamlit as st

from clarifai_chat.access_token import holds
from clarifai_chat.playground import toolset
from clarifai_chat.playground.toolset import MAX_FILE_BYTES, BadToolSet
from components.playground import tool_text
from components.state.session import session
from components.state.slots import widget
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
        st.file_uploader(
            "Import a file",
            type=["json", "txt"],
            key="open_tools",
            help="Tools as JSON, or a file exported here",
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
        tool_text.open_set(toolset.from_json(text))
    except UnicodeDecodeError:
        st.toast("The file is not text. Tools are saved as JSON, in UTF-8.")
    except BadToolSet as error:
        st.toast(str(error))
