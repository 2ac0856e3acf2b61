"""Talk to the language models on Clarifai: catalog, conversations, one door to litellm.

Nothing in this package imports Streamlit.
"""

VERSION = "0.1.0.dev0"
