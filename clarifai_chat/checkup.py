"""Look at what the app was given: settings, files, network, database; say it in sentences.

The log at start and `python -m clarifai_chat check` say the same.
"""

import platform
from importlib.metadata import version

from clarifai_chat import VERSION, config, network, secrets_file, surroundings
from clarifai_chat.history import saving


def problems() -> list[str]:
    """Return a sentence on each thing that the app does without, or understands differently."""
    found = [*surroundings.prepare(), *config.remarks(), *network.problems()]
    if sign_in := secrets_file.problem():
        found.append(f"Sign-in is switched off: {sign_in}.")
    return found


def start_line(address: str) -> str:
    """Return what runs, where, and with which settings, without secrets."""
    return (
        f"Clarifai Chat {VERSION} is at {address}. Python {platform.python_version()}, Streamlit"
        f" {version('streamlit')}, litellm {version('litellm')}. Database: {saving.place()}."
        f" Settings: {config.in_force()}. Proxy: {network.proxy_rules()}. Certificates:"
        f" {network.trusted().source}."
    )
