"""The same chat over litellm. `st.write_stream` does not know its chunks: map them to text."""

import os

# Without a network its import would wait for a price list; that is not measured here.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import streamlit as st

st.title("Chat")

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
        stream = litellm.completion(
            model="openai/bench",
            messages=st.session_state.messages,
            api_base=os.environ["BENCH_API_BASE"],
            api_key="bench",
            stream=True,
        )
        answer = st.write_stream(chunk.choices[0].delta.content or "" for chunk in stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
