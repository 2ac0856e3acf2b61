"""Save and find conversations and their attachments, for one owner."""
