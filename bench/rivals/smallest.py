"""The least that Streamlit can show after Enter: one word, of nobody's. No history, no provider."""

import streamlit as st

if prompt := st.chat_input("What is up?"):
    with st.chat_message("assistant"):
        st.text(f"Begin{prompt.rpartition('#')[2]}.")
