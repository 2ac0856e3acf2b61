"""Draw the chat page."""
