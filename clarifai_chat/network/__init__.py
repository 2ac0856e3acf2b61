"""Reach servers: whom to trust, by which way, and why it failed. The same for every request."""

from clarifai_chat.network.failures import status_of, unreachable
from clarifai_chat.network.routes import AwaitedRoutes, Routes, proxy_rules
from clarifai_chat.network.trust import trusted

__all__ = [
    "AwaitedRoutes",
    "Routes",
    "problems",
    "proxy_rules",
    "status_of",
    "trusted",
    "unreachable",
]


def problems() -> list[str]:
    """Return what is wrong with the environment's proxies and certificates, a sentence each."""
    return [*proxy_rules().problems, *trusted().problems]
