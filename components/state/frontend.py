"""Find what `make bundle` built: the browser's half of our own components."""

from clarifai_chat.config import ROOT

BUILT = ROOT / "frontend" / "built"
