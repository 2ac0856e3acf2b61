"""Draw the pages, and keep what one browser tab remembers."""
