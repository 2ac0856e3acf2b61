"""What is drawn, and what one browser tab remembers."""
