"""Draw the QR code of what the audience may open: the demo, or what the presenter shares."""

import streamlit as st

from clarifai_chat.markdown.sanitize import escaped
from clarifai_chat.text import cut
from clarifai_chat.transfer import sharing
from components.share import qr
from components.share.dialog import address_of
from components.state import persistence
from components.state.app_address import app_address
from components.state.session import session
from components.state.slots import widget

OF_DEMO = ""


def show() -> None:
    """Draw a popover with the code; nothing where the app's address is not known."""
    app, plan = app_address(), session.demo_plan
    if not app or not plan:
        return
    with st.popover(
        "QR code", icon=":material/qr_code_2:", key="stage_qr", on_change="rerun"
    ) as box:
        if not box.open:
            return
        owner = persistence.owner()
        links = sharing.listing(owner) if owner and sharing.is_on() else []
        names = {OF_DEMO: "This demo"} | {each.id: escaped(cut(each.title, 40)) for each in links}
        if links:
            st.selectbox("Leads to", [*names], format_func=names.__getitem__, key="stage_qr_of")
        chosen = widget("stage_qr_of")
        link = next((each for each in links if each.id == chosen), None)
        if link:
            qr.draw(address_of(link), "a shared page")
        else:
            qr.draw(f"{app}stage?demo={plan['name']}", "this demo")
