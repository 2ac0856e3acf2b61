"""Draw one reply, while it streams and afterwards: for the chat, the playground, any page."""
