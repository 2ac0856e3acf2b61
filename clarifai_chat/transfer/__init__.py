"""Import and export conversations and presets; validate data from elsewhere."""
