"""What the operator sets: read once, explained when it is wrong, and put nowhere else."""

import os

import pytest

from clarifai_chat import config
from clarifai_chat.config import (
    SETTING_NAMES,
    BadSettings,
    Settings,
    host_of,
    is_loopback,
    load_settings,
)
from tests.canary import CANARY, leaks_in


@pytest.fixture
def dotenv(tmp_path):
    def dotenv(text):
        (tmp_path / ".env").write_text(text)
        return tmp_path / ".env"

    return dotenv


def test_without_any_setting_the_defaults_hold():
    settings = load_settings({})

    assert settings == Settings()
    assert settings.openai_base == "https://api.clarifai.com/v2/ext/openai/v1"
    assert settings.host == "127.0.0.1"
    assert not settings.allow_shared_pat


def test_a_missing_file_is_no_mistake(tmp_path):
    assert load_settings({}, tmp_path / ".env") == Settings()


VALUES = {
    "CLARIFAI_API_BASE": ("http://127.0.0.1:8099/", "api_base", "http://127.0.0.1:8099"),
    "CLARIFAI_PAT": (" secret ", "shared_pat", "secret"),
    "CLARIFAI_OPENAI_BASE": ("http://proxy:4000/v1/", "other_base", "http://proxy:4000/v1"),
    "CLARIFAI_OPENAI_KEY": ("sk-1", "other_key", "sk-1"),
    "LOCAL_API_BASE": ("http://[::1]:8089/v1", "local_base", "http://[::1]:8089/v1"),
    "ALLOW_SHARED_PAT": ("Yes", "allow_shared_pat", True),
    "SHARED_PAT_SESSION_LIMIT": ("0", "shared_pat_session_limit", 0),
    "SHARED_PAT_HOUR_LIMIT": ("7", "shared_pat_hour_limit", 7),
    "SHARED_PAT_BUDGET_USD": ("$2.50", "shared_pat_budget_usd", 2.5),
    "SHARED_PAT_PRICE_USD": ("30", "shared_pat_price_usd", 30.0),
    "SHARED_PAT_MODELS": ("a, b  c", "shared_pat_models", "a b c"),
    "DEFAULT_MODEL": ("demo", "default_model", "demo"),
    "HOST": ("0.0.0.0", "host", "0.0.0.0"),  # noqa: S104 (read, not listened on)
    "PORT": ("9000", "port", 9000),
    "BASE_PATH": ("chat/", "base_path", "/chat"),
    "REPLY_LEASE_S": ("0.5", "reply_lease_s", 0.5),
    "DRAIN_S": ("60", "drain_s", 60.0),
    "REPLY_TIMEOUT_S": ("30", "reply_timeout_s", 30.0),
    "MAX_REPLIES": ("3", "max_replies", 3),
    "MAX_REPLY_CHARS": ("2000", "max_reply_chars", 2000),
    "MAX_CONVERSATION_CHARS": ("3000", "max_conversation_chars", 3000),
    "MAX_MEMORY_MB": ("0", "max_memory_mb", 0),
    "MAX_SESSION_UPLOADS_MB": ("20", "max_session_uploads_mb", 20),
    "MAX_UPLOADS_MB": ("500", "max_uploads_mb", 500),
    "ALLOWED_ORIGINS": (
        "https://a.test/, http://b.test:81",
        "allowed_origins",
        "https://a.test http://b.test:81",
    ),
    "HISTORY": ("off", "history", False),
    "WELCOME_FILE": ("/etc/welcome.yaml", "welcome_file", "/etc/welcome.yaml"),
    "HISTORY_DAYS": ("30", "history_days", 30),
    "SHARING": ("yes", "sharing", True),
    "DATABASE_URL": ("postgresql://a:b@db/c", "database_url", "postgresql://a:b@db/c"),
    "TRUSTED_PROXIES": ("10.0.0.5, ::1", "trusted_proxies", "10.0.0.5, ::1"),
    "TRUSTED_USER_HEADER": ("X-User", "trusted_user_header", "X-User"),
    "MCP_HOSTS": ("a.example, localhost:8000", "mcp_hosts", "a.example localhost:8000"),
    "DEMOS_DIR": ("demos", "demos_dir", "demos"),
    "LOG_LEVEL": ("Warning", "log_level", "warning"),
    "LOG_FORMAT": ("JSON", "log_format", "json"),
    "METRICS_TOKEN": ("x" * 16, "metrics_token", "x" * 16),
    "FRAME_ANCESTORS": ("'self' https://a.test", "frame_ancestors", "'self' https://a.test"),
}


def test_every_setting_is_read_from_the_environment_and_from_the_file(dotenv):
    assert set(VALUES) == set(SETTING_NAMES)
    for name, (text, attribute, value) in VALUES.items():
        for settings in (
            load_settings({name: text}),
            load_settings({}, dotenv(f'{name}="{text}"')),
        ):
            assert getattr(settings, attribute) == value
            assert getattr(Settings(), attribute) != value


def test_the_environment_wins_unless_it_is_empty(dotenv):
    file = dotenv("PORT=1000\nHOST=file.test")

    settings = load_settings({"PORT": "2000", "HOST": " "}, file)

    assert (settings.port, settings.host) == (2000, "file.test")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CLARIFAI_API_BASE", "api.clarifai.com"),
        ("CLARIFAI_API_BASE", "https://a b"),
        ("CLARIFAI_API_BASE", "https://"),
        ("CLARIFAI_API_BASE", "https://a.test:port"),
        ("CLARIFAI_API_BASE", "https://a.test/?x=1"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "with spaces in it, and long"),
        ("MCP_HOSTS", "https://a.example/mcp"),
        ("MCP_HOSTS", "ada@a.example"),
        ("MCP_HOSTS", "a.example:0"),
        ("CLARIFAI_OPENAI_BASE", "proxy:4000/v1"),
        ("CLARIFAI_OPENAI_BASE", "http://"),
        ("CLARIFAI_OPENAI_BASE", "http://[::1/v1"),
        ("CLARIFAI_OPENAI_BASE", "http://proxy:4000/v1?key=1"),
        ("LOCAL_API_BASE", "http://a b/v1"),
        ("ALLOW_SHARED_PAT", "maybe"),
        ("SHARED_PAT_BUDGET_USD", "-1"),
        ("SHARED_PAT_BUDGET_USD", "much"),
        ("SHARED_PAT_PRICE_USD", "-3"),
        ("SHARED_PAT_PRICE_USD", "nan"),
        ("DEFAULT_MODEL", "two words"),
        ("SHARED_PAT_HOUR_LIMIT", "-1"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "8501.0"),
        ("REPLY_LEASE_S", "0"),
        ("REPLY_LEASE_S", "nan"),
        ("REPLY_TIMEOUT_S", "soon"),
        ("MAX_REPLIES", "0"),
        ("MAX_REPLY_CHARS", "999"),
        ("MAX_CONVERSATION_CHARS", "5e6"),
        ("MAX_MEMORY_MB", "4 GB"),
        ("HISTORY", "never"),
        ("HISTORY_DAYS", "-1"),
        ("DATABASE_URL", "db.example.org"),
        ("DATABASE_URL", "mysql://a:b@db/c"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.5/8"),
        ("TRUSTED_PROXIES", "10.0.0.256"),
        ("TRUSTED_PROXIES", "10.0.0.5; ::1"),
        ("TRUSTED_PROXIES", "*"),
        ("ALLOWED_ORIGINS", "chat.example.com"),
        ("ALLOWED_ORIGINS", "https://chat.example.com/chat"),
        ("ALLOWED_ORIGINS", "https://a.test http://[::1"),
        ("ALLOWED_ORIGINS", "https://a.test:port"),
        ("FRAME_ANCESTORS", "'self'; script-src *"),
        ("FRAME_ANCESTORS", "a\nb"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name, text):
    with pytest.raises(BadSettings, match=rf"^{name} must be "):
        load_settings({name: text})


def test_all_wrong_values_are_named_at_once_and_none_is_shown():
    with pytest.raises(BadSettings) as wrong:
        load_settings({"PORT": CANARY, "MAX_REPLIES": CANARY})

    assert str(wrong.value).count(" must be ") == 2
    assert not leaks_in(str(wrong.value))


def test_the_operators_token_is_not_in_what_settings_look_like():
    settings = load_settings({"CLARIFAI_PAT": CANARY})

    assert settings.shared_pat == CANARY
    assert not leaks_in(repr(settings))


def test_the_databases_password_is_not_in_what_settings_look_like():
    url = f"postgresql://chat:{CANARY}@db/chat"

    settings = load_settings({"DATABASE_URL": url})

    assert settings.database_url == url
    assert not leaks_in(repr(settings))
    with pytest.raises(BadSettings) as wrong:
        load_settings({"DATABASE_URL": f"mysql://chat:{CANARY}@db/chat"})
    assert not leaks_in(str(wrong.value))


def test_the_file_does_not_enter_the_environment(dotenv, monkeypatch):
    monkeypatch.setattr(config, "DOTENV", dotenv(f"CLARIFAI_PAT={CANARY}\nOTHER=1"))
    config.settings.cache_clear()

    assert config.settings().shared_pat == CANARY
    assert "CLARIFAI_PAT" not in os.environ
    assert "OTHER" not in os.environ


@pytest.mark.parametrize(
    ("host", "so"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("LocalHost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),  # noqa: S104 (looked at, not listened on)
        ("128.0.0.1", False),
        ("::ffff:127.0.0.1", True),
        ("0:0:0:0:0:0:0:1", True),
        ("localhost.test", False),
        ("127.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("127.", False),
        ("127.0.0.1:80", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
    ],
)
def test_an_address_of_this_machine_is_known(host, so):
    assert is_loopback(host) is so


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8501", "localhost"),
        ("127.0.0.1:8501", "127.0.0.1"),
        ("[::1]:8501", "::1"),
        ("[::1]", "::1"),
        ("127.evil.test:8501", "127.evil.test"),
        ("evil.test@localhost", ""),
        ("[::1", ""),
        ("", ""),
    ],
)
def test_a_host_header_is_read_without_its_port(header, host):
    assert host_of(header) == host


def test_the_server_says_where_it_listens(monkeypatch):
    monkeypatch.setattr(config, "_listening", [])
    assert config.announced() == ""

    config.announce("0.0.0.0")  # noqa: S104 (said, not listened on)
    config.announce("127.0.0.1")

    assert config.announced() == "127.0.0.1"


@pytest.mark.parametrize("end", ["/chat/completions", "/models/"])
def test_a_base_that_goes_too_far_is_named(end):
    with pytest.raises(BadSettings, match=r"^LOCAL_API_BASE must end before /chat/completions"):
        load_settings({"LOCAL_API_BASE": f"http://127.0.0.1:4000/v1{end}"})


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v2",
        "/v2/ext/openai/v1",
        "/v2/ext/openai/v1/",
        "/v2/ext/openai/v1/chat/completions",
    ],
)
@pytest.mark.parametrize("server", ["https://api.clarifai.com", "http://[::1]:8080/clarifai"])
def test_the_base_may_be_written_with_its_documented_path(server, path):
    settings = load_settings({"CLARIFAI_API_BASE": server + path})

    assert settings.api_base == server
    assert settings.openai_base == f"{server}/v2/ext/openai/v1"


@pytest.mark.parametrize(
    "address", ["postgres://a:b@h/c", "postgresql+psycopg2://a:b@h/c", "sqlite+pysqlite:///x.db"]
)
def test_every_usual_form_of_the_databases_address_is_taken(address):
    assert load_settings({"DATABASE_URL": address}).database_url == address


def test_what_is_set_is_told_without_secrets(set_up):
    assert config.in_force() == f"CLARIFAI_API_BASE={config.settings().api_base}"
    set_up(
        CLARIFAI_PAT=CANARY,
        CLARIFAI_OPENAI_KEY=CANARY,
        DATABASE_URL=f"postgres://ada:{CANARY}@db/chats",
        CLARIFAI_OPENAI_BASE=f"https://me:{CANARY}@proxy.test/v1",
        PORT="9000",
    )

    told = config.in_force()

    assert "CLARIFAI_OPENAI_BASE=https://proxy.test/v1" in told
    assert "CLARIFAI_PAT=(set)" in told
    assert "DATABASE_URL=(set)" in told
    assert "PORT=9000" in told
    assert not leaks_in(told)


def test_another_server_has_a_base_and_a_key_of_its_own():
    clarifai = load_settings({"CLARIFAI_PAT": "pat", "CLARIFAI_OPENAI_KEY": "sk-1"})
    assert (clarifai.shared_key, clarifai.other_host) == ("pat", "")

    other = load_settings(
        {"CLARIFAI_PAT": "pat", "CLARIFAI_OPENAI_BASE": "https://me:secret@proxy.test:4000/v1"}
    )
    assert other.openai_base == "https://me:secret@proxy.test:4000/v1"
    assert other.other_host == "proxy.test:4000"
    assert other.shared_key == ""
