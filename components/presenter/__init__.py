"""Present a demo: its start, its steps, the speaker's notes."""
