"""Measure how often a model calls tools as asked, and say how much that tells."""
