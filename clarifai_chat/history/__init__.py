"""Save conversations and their attachments, and find them again, for one owner."""
