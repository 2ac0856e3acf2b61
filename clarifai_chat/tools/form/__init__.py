"""Tools and arguments as forms: what boxes show, and the edit of the text that each makes."""
