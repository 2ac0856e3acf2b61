"""Check the file that sign-in is set up in, before Streamlit reads it."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from clarifai_chat.config import ROOT, BadSettings, settings
from clarifai_chat.text import listed

PLACE = Path(".streamlit") / "secrets.toml"
OF_ALL = ("redirect_uri", "cookie_secret")
OF_A_PROVIDER = ("client_id", "client_secret", "server_metadata_url")


def files() -> list[Path]:
    """Return where Streamlit looks for the file: beside the app, where it was started, at home."""
    return [*dict.fromkeys((ROOT / PLACE, Path.cwd() / PLACE, Path.home() / PLACE))]


def problem() -> str:
    """Return why nobody can sign in although a file sets it up; "" if all is well."""
    return next((found for path in files() if (found := problem_of(path))), "")


def problem_of(path: Path) -> str:
    """Return what is wrong with one file, without anything that is in it."""
    try:
        if path.is_dir():
            return f"{path} is a folder, and must be a file"
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return f"{path} is not UTF-8 text: save it as UTF-8"
    if text.startswith("\ufeff"):
        return f"{path} begins with a byte order mark: save it as UTF-8 without one"
    try:
        auth = tomllib.loads(text).get("auth")
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line \d+", str(error))
        return f"{path} is not valid TOML{f' ({place[0]})' if place else ''}"
    if auth is None:
        return ""
    if not isinstance(auth, Mapping):
        return f"{path}: auth must be a section, [auth]"
    missing = [name for name in OF_ALL if not auth.get(name)]
    providers = {name: each for name, each in auth.items() if isinstance(each, Mapping)}
    for name, provider in providers.items() if providers else [("", auth)]:
        prefix = f"{name}." if name else ""
        missing += [prefix + each for each in OF_A_PROVIDER if not provider.get(each)]
    if missing:
        return f"{path}: [auth] has no {listed(missing, last='or')}"
    wanted = f"{_base_path()}/oauth2callback"
    is_found = urlsplit(str(auth["redirect_uri"])).path == wanted
    return "" if is_found else f"{path}: the path of redirect_uri must be {wanted}"


def _base_path() -> str:
    try:
        return settings().base_path
    except BadSettings:  # they are reported, and nothing is served
        return ""
