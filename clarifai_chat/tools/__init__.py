"""Read, check, judge and answer a developer's tools."""
