"""Draw an address as a QR code, for those who look at a screen."""

from html import escape
from urllib.parse import urlsplit

import segno
import streamlit as st

from clarifai_chat.config import is_loopback

# Dark on light in either theme: many cameras read nothing else.
MODULE_PX = 8


def draw(address: str, what: str) -> None:
    """Draw the code of an address; `what` it leads to is for those who cannot see it."""
    code = segno.make(address, error="m", micro=False)
    source = code.svg_data_uri(scale=MODULE_PX, border=4, dark="#000", light="#fff")
    alt = escape(f"QR code of {what}: {address}")
    st.html(
        f'<img src="{escape(source)}" alt="{alt}"'
        ' style="display:block;width:min(100%,16rem);margin:0 auto">'
    )
    if is_loopback(urlsplit(address).hostname or ""):
        st.caption(
            "Only this machine can open this address. For others, open the app at the address by"
            " which they reach it."
        )
