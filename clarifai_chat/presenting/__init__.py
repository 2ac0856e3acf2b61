"""Demos to present: their files, what they may spend, and where each presentation is."""
