"""Serve the app behind a proxy: what wraps Streamlit's own answers to browsers."""
