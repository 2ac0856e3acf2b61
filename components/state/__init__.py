"""Keep what one browser tab remembers; patch Streamlit."""
