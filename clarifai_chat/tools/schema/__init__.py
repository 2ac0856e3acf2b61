"""Validate against JSON Schema within limits, and explain what does not match."""
