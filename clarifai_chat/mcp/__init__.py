"""Ask MCP servers that visitors name, on hosts that the operator allows, for tools and answers."""
