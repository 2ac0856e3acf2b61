"""Read the Markdown of answers: draw it for exports, split it for a terminal, contain it."""
