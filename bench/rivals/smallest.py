"""The least that Streamlit can show after Enter: one word, without history or provider."""

import streamlit as st

if prompt := st.chat_input("What is up?"):
    with st.chat_message("assistant"):
        st.text(f"Begin{prompt.rpartition('#')[2]}.")
