"""Where the app says that it is."""

import pytest

from clarifai_chat.config import load_settings
from clarifai_chat.serving.start import address_of


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8501"),
        ("0.0.0.0", "http://localhost:8501"),  # noqa: S104 - compared, not bound
        ("localhost", "http://localhost:8501"),
        ("::", "http://[::1]:8501"),
        ("0:0:0:0:0:0:0:0", "http://[::1]:8501"),
        ("::1", "http://[::1]:8501"),
        ("::ffff:127.0.0.1", "http://localhost:8501"),
        ("fd00::5", "http://[fd00::5]:8501"),
        ("10.1.2.3", "http://10.1.2.3:8501"),
        ("chat.corp.example", "http://chat.corp.example:8501"),
    ],
)
def test_the_address_is_one_that_reaches_what_is_listened_on(host, address):
    assert address_of(load_settings({"HOST": host})) == address


def test_the_address_names_port_and_path():
    used = load_settings({"HOST": "::", "PORT": "8600", "BASE_PATH": "/chat"})

    assert address_of(used) == "http://[::1]:8600/chat/"
