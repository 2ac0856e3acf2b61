"""Hold a conversation: turns, settings, requests, running replies."""
