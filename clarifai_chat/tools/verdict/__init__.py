"""Judge the tool calls of a reply against the tools as they were sent."""
