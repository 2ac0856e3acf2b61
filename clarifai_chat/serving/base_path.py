"""Serve the app below a path of its host, such as https://example.com/chat/."""

from starlette.types import ASGIApp, Receive, Scope, Send

from clarifai_chat.config import settings


class BasePath:
    """Accepts requests with and without BASE_PATH: some proxies keep it, some strip it.

    The rest of the app always sees it, as a browser does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = settings().base_path
        if base and scope["type"] != "lifespan" and not is_below(scope["path"], base):
            raw = base.encode() + scope.get("raw_path", scope["path"].encode())
            scope = {**scope, "path": base + scope["path"], "raw_path": raw}
        await self.app(scope, receive, send)


def is_below(path: str, base: str) -> bool:
    """Return whether a path is `base` or begins with it and a slash."""
    return path == base or path.startswith(f"{base}/")
