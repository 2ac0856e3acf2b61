"""Draw the parts of the tool playground."""
