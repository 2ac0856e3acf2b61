"""The quiet line under a reply: model, time to first token, tokens/s, tokens, price."""

import streamlit as st

from clarifai_chat.conversation import Turn
from clarifai_chat.markdown import escaped
from clarifai_chat.usage import reply_line

# Endings worth a word; any other finish reason is the provider's usual "stop".
ENDINGS = {
    "stopped": ":material/stop_circle: Stopped. The text up to here is kept.",
    "unwatched": ":material/visibility_off: Ended because nobody was watching any more."
    " The text up to here is kept.",
    "interrupted": ":material/power_off: Interrupted: the app was restarted while it answered.",
    "length": ":material/content_cut: Cut by the length limit of the model or of this request.",
    "content_filter": ":material/filter_alt: Ended by the provider's content filter.",
}


def show(turn: Turn) -> None:
    """Draw how the reply ended, where that needs saying, and what it took."""
    if turn["ending"] in ENDINGS:
        st.caption(ENDINGS[turn["ending"]])
    st.caption(escaped(" · ".join(reply_line(turn))))
