"""Compare this app's speed and memory with others, as ratios in one run: docs/PERFORMANCE.md."""
