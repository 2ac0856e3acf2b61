"""The whole catalog as a table; choosing here chooses everywhere."""

import streamlit as st

from clarifai_chat.config import settings
from components.frame import model_picker, shell
from components.models import filters, measuring, table

NO_LONGER_FEATURED = (
    " A model that is no longer featured may need a deployment of your own on Clarifai."
)

pending = shell.open_page("Models", wide=True)
st.title("Models", anchor=False)
st.caption(
    "Sort by a column's head. Prices are US dollars for 1M tokens."
    + ("" if settings().other_base else NO_LONGER_FEATURED)
)
model_picker.show_local("models_page")
pending += measuring.show()
table.show(filters.show())
shell.wait_for_jobs(pending)
