"""The chat of Streamlit's own tutorial: `st.write_stream` over the OpenAI client."""

import os

import streamlit as st
from openai import OpenAI

st.title("Chat")
client = OpenAI(base_url=os.environ["BENCH_API_BASE"], api_key="bench")

if "messages" not in st.session_state:
    st.session_state.messages = []
for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if prompt := st.chat_input("What is up?"):
    st.session_state.messages.append({"role": "user", "content": prompt})
    with st.chat_message("user"):
        st.markdown(prompt)
    with st.chat_message("assistant"):
        stream = client.chat.completions.create(
            model="bench", messages=st.session_state.messages, stream=True
        )
        answer = st.write_stream(stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
