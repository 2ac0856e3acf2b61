"""Read tools in the formats of other programs, and write them in these formats."""
