"""Save recordings; open and play them."""
