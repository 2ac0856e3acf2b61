"""Share what is on a page: the dialog, the links, QR codes."""
