"""What a developer's tools are: read from what was typed, checked, judged, answered."""
