"""A secrets.toml that cannot be used switches sign-in off, with a sentence; the chat goes on."""

import pytest

from clarifai_chat import secrets_file
from clarifai_chat.secrets_file import problem_of
from tests.canary import CANARY, assert_no_canary

WHOLE = f"""[auth]
redirect_uri = "https://chat.test/oauth2callback"
cookie_secret = "{CANARY}"
client_id = "id"
client_secret = "{CANARY}"
server_metadata_url = "https://id.test/.well-known/openid-configuration"
"""
NAMED = WHOLE.replace("client_id", "[auth.corp]\nclient_id")


@pytest.mark.parametrize("text", [WHOLE, NAMED, "", "other = 1", "[auth2]\nx = 1"])
def test_a_file_that_is_whole_or_about_something_else_is_fine(tmp_path, text):
    path = tmp_path / "secrets.toml"
    path.write_text(text)

    assert problem_of(path) == ""


def test_no_file_is_fine(tmp_path):
    assert problem_of(tmp_path / "secrets.toml") == ""
    assert problem_of(tmp_path / "x" / "secrets.toml") == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is a folder, and must be a file"),
        (WHOLE.encode("utf-16"), "is not UTF-8 text: save it as UTF-8"),
        (b"\xef\xbb\xbf" + WHOLE.encode(), "begins with a byte order mark"),
        (WHOLE.replace('"', "", 1).encode(), "is not valid TOML (line 2)"),
        (WHOLE.replace("cookie_secret", "cookiesecret").encode(), "[auth] has no cookie_secret"),
        (WHOLE.replace(f'"{CANARY}"', '""', 1).encode(), "[auth] has no cookie_secret"),
        (WHOLE.replace("redirect_uri", "x").encode(), "[auth] has no redirect_uri"),
        (WHOLE.replace("client_id", "x").encode(), "[auth] has no client_id"),
        (NAMED.replace("server_meta", "meta").encode(), "has no corp.server_metadata_url"),
        (b"auth = 1", "auth must be a section, [auth]"),
    ],
)
def test_what_is_wrong_is_named_without_the_secrets(tmp_path, content, said):
    path = tmp_path / "secrets.toml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    problem = problem_of(path)

    assert problem.startswith(str(path))
    assert said in problem
    assert_no_canary("the problem", problem)


def test_a_sign_in_that_would_come_back_elsewhere_is_named(tmp_path, set_up):
    path = tmp_path / "secrets.toml"
    path.write_text(WHOLE)
    set_up(BASE_PATH="/chat")

    assert "the path of redirect_uri must be /chat/oauth2callback" in problem_of(path)
    path.write_text(WHOLE.replace("/oauth2", "/chat/oauth2"))
    assert problem_of(path) == ""
    set_up(BASE_PATH="/")
    assert "the path of redirect_uri must be /oauth2callback" in problem_of(path)


def test_every_place_of_the_file_is_looked_at(tmp_path, monkeypatch):
    (tmp_path / ".streamlit" / "secrets.toml").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert secrets_file.problem().startswith(str(tmp_path))
