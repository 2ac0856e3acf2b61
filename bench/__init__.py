"""Speed and memory of this app beside others, as ratios in one run. See docs/PERFORMANCE.md."""
