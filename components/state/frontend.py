"""Find the browser's half of our own components, which `make bundle` builds."""

from clarifai_chat.config import ROOT

BUILT = ROOT / "frontend" / "built"
