"""Draw the parts of the page that measures models: what is asked, and what came of it."""
