"""The canary guard: it turns red wherever the access token is left lying about."""

import traceback
from pathlib import Path

import pytest

from clarifai_chat.errors import WrongPat
from tests.canary import CANARY, assert_no_canary, leaks_in
from tests.conftest import send
from tests.fake_clarifai import echo_token

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
LEAKY = """
import logging, os, subprocess, sys
import pytest
from tests.canary import CANARY

def test_nothing():
    logging.getLogger("mine").debug("nothing")
    print("nothing", CANARY[:-4])

def test_log():
    logging.getLogger("mine").debug("sent %s", CANARY)

def test_log_field():
    logging.getLogger("httpcore.http11").debug("headers", extra={"sent": [CANARY]})

def test_unheard_log():
    logging.getLogger("LiteLLM").warning(CANARY)

def test_logged_exception():
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.exception("It failed")

def test_stdout():
    print(CANARY)

def test_stdout_under_capsys(capsys):
    print(CANARY)

def test_stderr_of_a_child():
    subprocess.run([sys.executable, "-c", f"import sys; sys.stderr.write('{CANARY}')"])

def test_environment():  # the last: nothing takes it out again
    os.environ["PLANTED"] = CANARY
"""
PLACES = {
    "test_log": "log of mine",
    "test_log_field": "log of httpcore.http11",
    "test_unheard_log": "log of LiteLLM",
    "test_logged_exception": "log of root",
    "test_stdout": "stdout",
    "test_stdout_under_capsys": "stdout",
    "test_stderr_of_a_child": "stderr",
    "test_environment": "environment: PLANTED",
}


@pytest.mark.slow
def test_a_leak_in_a_log_the_output_or_the_environment_is_red(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # or the summary is cut short
    pytester.makeini(f"[pytest]\npythonpath = {ROOT}")
    pytester.makeconftest(
        "import logging\n"
        "from tests.conftest import guard\n"
        "logging.getLogger('LiteLLM').propagate = False\n"
    )
    pytester.makepyfile(test_leaky=LEAKY)

    # --show-capture=no: or the inner run's report would leak into the outer run.
    run = pytester.runpytest_subprocess("--show-capture=no", "--tb=line", "-p", "no:randomly")

    run.assert_outcomes(passed=len(PLACES) + 1, errors=len(PLACES))
    for test, place in PLACES.items():
        run.stdout.fnmatch_lines(f"ERROR *::{test} - *The access token is in *{place}*")


@pytest.mark.parametrize(
    "planted",
    [CANARY, CANARY.upper(), f"?pat={CANARY}&x", f"<b>{CANARY}</b>"],
    ids=["bare", "upper case", "URL", "HTML"],
)
def test_a_leak_in_a_text_is_red_and_not_repeated(planted):
    assert leaks_in(planted)
    with pytest.raises(AssertionError, match="in the page") as failure:
        assert_no_canary("the page", planted)

    assert not leaks_in(str(failure.value))
    assert_no_canary("the page", "nothing …" + CANARY[-4:])


def test_a_leak_in_an_exception_is_red():
    with pytest.raises(ValueError, match="literal") as caught:
        int(CANARY)

    with pytest.raises(AssertionError, match="in the error"):
        assert_no_canary("the error", "".join(traceback.format_exception(caught.value)))


def test_a_real_request_carries_the_canary_and_leaves_none_behind(fake):
    asked = [{"role": "user", "content": "Hi"}]
    fake.next(echo_token(401))

    with pytest.raises(WrongPat) as failure:
        list(send("https://clarifai.com/a/b/models/c", asked))

    assert fake.chats[0].headers["authorization"] == f"Bearer {CANARY}"
    assert "[access token]" in failure.value.detail
    assert_no_canary("the error", "".join(traceback.format_exception(failure.value)))
