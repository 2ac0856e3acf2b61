"""Check tool definitions: what breaks a request, what would help a model."""
