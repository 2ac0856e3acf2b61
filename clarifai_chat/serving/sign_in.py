"""Send what sign-in asks of its provider the way of every request: proxies, certificates."""

from typing import Any

from clarifai_chat import secrets_file
from clarifai_chat.network import AwaitedRoutes


def go_the_one_way() -> None:
    """Give authlib's sign-in client our transport, if a file sets sign-in up. Safe to repeat."""
    if not any(path.is_file() for path in secrets_file.files()):
        return  # authlib takes a moment to import
    from authlib.integrations.httpx_client import AsyncOAuth2Client
    from authlib.integrations.starlette_client import StarletteOAuth2App

    class Client(AsyncOAuth2Client):  # type: ignore[misc]  # authlib has no types
        def __init__(self, *arguments: Any, **options: Any) -> None:
            own = {"transport": AwaitedRoutes(), "trust_env": False}
            super().__init__(*arguments, **(options | own))

    StarletteOAuth2App.client_cls = Client
