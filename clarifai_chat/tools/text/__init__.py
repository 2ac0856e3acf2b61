"""Read the tools that a developer typed: JSON with places, diagnostics, fixes."""
