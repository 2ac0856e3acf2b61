"""Make a model's Markdown safe and cut it into blocks; render it for exports."""
