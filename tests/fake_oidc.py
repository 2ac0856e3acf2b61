"""An OpenID Connect provider on loopback, which signs in whoever comes, as `name`, unasked."""

import json
import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "chat", "the-client's-secret"


class FakeOidc:
    """`with FakeOidc() as provider`: `secrets(...)` is what an operator writes for it."""

    def __init__(self) -> None:
        self.name = "Ada"
        self.refused: list[str] = []  # requests that a real provider would turn away
        self._key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "FakeOidc":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def secrets(self, app_url: str) -> str:
        return "\n".join(
            (
                "[auth]",
                f'redirect_uri = "{app_url}/oauth2callback"',
                'cookie_secret = "a secret of thirty-two letters or so"',
                f'client_id = "{CLIENT_ID}"',
                f'client_secret = "{CLIENT_SECRET}"',
                f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"',
            )
        )

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, query: dict[str, list[str]]) -> str:
        code = f"code{len(self._codes)}"
        self._codes[code] = {"nonce": query.get("nonce", [""])[0], "name": self.name}
        back = {"code": code, "state": query["state"][0]}
        return f"{query['redirect_uri'][0]}?{urlencode(back)}"

    def _token(self, form: dict[str, list[str]], authorization: str) -> dict[str, Any] | None:
        client = b64decode(authorization.removeprefix("Basic ")).decode()
        known = self._codes.pop(form["code"][0], None)
        if unquote(client) != f"{CLIENT_ID}:{CLIENT_SECRET}" or known is None:
            self.refused.append(client)
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": known["name"].lower(),
            "name": known["name"],
            "nonce": known["nonce"],
            "iat": now,
            "exp": now + 600,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": signed}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                if url.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", fake._authorize(parse_qs(url.query)))
                    self.end_headers()
                elif url.path == "/keys":
                    self._answer({"keys": [fake._key.as_dict(private=False)]})
                else:
                    self._answer(fake._metadata())

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                token = fake._token(form, self.headers.get("Authorization", ""))
                self._answer(token or {"error": "invalid_client"}, 200 if token else 401)

            def _answer(self, body: dict[str, Any], status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

        return Handler
