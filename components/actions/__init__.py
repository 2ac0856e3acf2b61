"""Change the state when something is clicked. Nothing here draws."""
