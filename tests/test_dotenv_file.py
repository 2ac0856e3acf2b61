"""A `.env` file is read as it is written, or a sentence says why not; names that do nothing too."""

import pytest

from clarifai_chat import config
from clarifai_chat.config import BadSettings, load_settings, remarks
from clarifai_chat.dotenv_file import BadFile, read_lines, remarks_on_environment
from tests.canary import CANARY, assert_no_canary


@pytest.fixture
def dotenv(tmp_path, monkeypatch):
    """`dotenv("A=b")` is the file of the settings from now on, its path."""

    def dotenv(content):
        path = tmp_path / ".env"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setattr(config, "DOTENV", path)
        return path

    return dotenv


def test_forms_that_shells_and_editors_write_are_read(dotenv):
    file = dotenv(
        "\ufeffexport PORT=9000\r\nHOST = '10.0.0.1' # ours\r\n\r\n# x\r\nHISTORY=off\r\n"
    )

    settings = load_settings({}, file)

    assert (settings.port, settings.host, settings.history) == (9000, "10.0.0.1", False)


@pytest.mark.parametrize("quoted", ['"{}"', "'{}'", "{}"])
def test_nothing_is_interpolated(dotenv, quoted):
    value = "p${HOME}$x%{y}`z`"

    settings = load_settings({}, dotenv(f"CLARIFAI_PAT={quoted.format(value)}"))

    assert settings.shared_pat == value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("PORT=1000\n".encode("utf-16"), "is not UTF-8 text (it looks like UTF-16)"),
        ("PORT=1000\n".encode("utf-16-le"), "is not UTF-8 text (it looks like UTF-16)"),
        ("# ok\n# für uns\nPORT=1000\n".encode("latin-1"), "is not UTF-8 text (line 2)"),
    ],
)
def test_another_encoding_is_a_sentence(dotenv, content, said):
    with pytest.raises(BadSettings, match="save it as UTF-8") as wrong:
        load_settings({}, dotenv(content))

    assert said in str(wrong.value)


def test_a_folder_is_a_sentence(tmp_path):
    with pytest.raises(BadFile, match="is a folder, and must be a file"):
        read_lines(tmp_path)


def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path, monkeypatch):
    def read_bytes(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "read_bytes", read_bytes)

    with pytest.raises(BadSettings, match=r"cannot be read \(Permission denied\)"):
        load_settings({}, tmp_path / ".env")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "ALLOW_SHARE_PAT=true",
            "ALLOW_SHARE_PAT is not a setting. Did you mean ALLOW_SHARED_PAT?",
        ),
        ("CLARIFAI_KEY=x", "CLARIFAI_KEY is not a setting. Did you mean CLARIFAI_PAT?"),
        ("clarifai_pat=x", "clarifai_pat is not a setting. Did you mean CLARIFAI_PAT?"),
        ("DATABASE-URL=x", "DATABASE-URL is not a setting. Did you mean DATABASE_URL?"),
        ("POTR=1", "POTR is not a setting of this app."),
        ("HTTPS_PROXY=http://p:1", "HTTPS_PROXY has no effect in this file. Set it in"),
        ("PORT: TOKEN", "is not NAME=value, so it is ignored."),
        ("CLARIFAI_PAT:TOKEN", "is not NAME=value, so it is ignored."),
        ("TOKEN", "is not NAME=value, so it is ignored."),
        ("TOKEN=", "sets nothing of this app."),
        ("A='TOKEN", "is not NAME=value, so it is ignored."),
    ],
)
def test_a_line_that_sets_nothing_is_named_and_not_quoted(dotenv, line, said):
    dotenv(f"# a comment\n\nPORT=1000\n{line}\n".replace("TOKEN", CANARY))

    (remark,) = remarks()

    assert remark.startswith("Line 4 of .env")
    assert said in remark
    assert_no_canary("the remark", remark)


def test_lines_that_set_something_are_not_remarked(dotenv):
    dotenv("PORT=1\nCLARIFAI_PAT=x\n# CLARIFAI_KEY=x\n\nHISTORY=\n")

    assert remarks() == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CLARIFAI_API_KEY", "CLARIFAI_PAT"),
        ("CLARIFAI_OPEN_AI_BASE", "CLARIFAI_OPENAI_BASE"),
        ("ALLOW_SHARE_PAT", "ALLOW_SHARED_PAT"),
        ("HISTORY_DAY", "HISTORY_DAYS"),
        ("MAX_REPLY_CHAR", "MAX_REPLY_CHARS"),
        ("CLARIFAI_USER_ID", ""),
    ],
)
def test_a_misspelt_variable_is_named_with_what_was_meant(name, meant):
    (remark,) = remarks_on_environment({name: CANARY}, config.SETTING_NAMES)

    assert remark.startswith(f"{name} in the environment is not a setting")
    assert remark.endswith(f"Did you mean {meant}?" if meant else "of this app.")


@pytest.mark.parametrize(
    "name",
    [
        "PATH", "HOSTNAME", "HOSTTYPE", "HISTFILE", "HISTSIZE", "LOGNAME", "PYTHONPATH",
        "CLARIFAI_CHAT_PORT", "CLARIFAI_CHAT_SERVICE_HOST", "CLARIFAI_CHAT_PORT_8501_TCP_ADDR",
        "CLARIFAI_CHAT_SERVICE_PORT_HTTP", "HTTP_PROXY", "NO_PROXY", "HOST", "PORT",
    ],
)  # fmt: skip
def test_other_variables_are_left_alone(name):
    assert remarks_on_environment({name: "x"}, config.SETTING_NAMES) == []
