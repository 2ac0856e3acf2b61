"""Handle clicks: change the state, start requests. Nothing here draws."""
