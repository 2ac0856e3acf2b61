"""Serve browsers: what wraps Streamlit's answers, behind a proxy too, and bounds connections."""
