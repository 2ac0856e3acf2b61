"""Draw the page that asks several models the same question at once."""
