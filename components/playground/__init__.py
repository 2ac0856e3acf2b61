"""Draw the tool playground."""
