"""Draw one reply, while it streams and afterwards, on any page."""
