"""The command line: what a person or a script gives it, what comes back, and how it ends."""

import base64
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner
from PIL import Image

from clarifai_chat import config
from clarifai_chat.catalog import DEMO, Model
from clarifai_chat.chat import replies
from clarifai_chat.chat import settings as chat_settings
from clarifai_chat.chat.turn import apply, asked_of, end, new_turn
from clarifai_chat.cli import answer, chatting, commands, ending, inputs
from clarifai_chat.cli.conversation import Conversation
from clarifai_chat.cli.ending import ADVICE, BY_SIDE, ExitCode, printable
from clarifai_chat.errors import ChatError, Side
from clarifai_chat.events import TextDelta, TextWasThought
from clarifai_chat.playground import run_file, runs, toolset
from tests.canary import CANARY, assert_no_canary
from tests.conftest import MODEL, NOWHERE, kinds
from tests.fake_clarifai import calls, cut, deltas, malformed_arguments, says, stall, status
from tests.patience import PATIENCE_S
from tests.some_chats import PNG
from tests.test_real_litellm import WEATHER

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BOLD_ESCAPE = "\x1b[1m"


@pytest.fixture
def run(set_up):
    """Run a command in this process: `run("chat", "Hi", stdin="…")`. No output holds the token."""

    def run(*arguments, stdin="", pat=None):
        if pat:
            set_up(CLARIFAI_PAT=pat)
        result = CliRunner().invoke(commands.app, [str(each) for each in arguments], input=stdin)
        assert_no_canary("what a command wrote", result.output)
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def chat(fake, run):
    """Ask the fake Clarifai by the command line, with a token: `chat(says("Hello"), "Hi")`."""

    def chat(behaviour, *arguments, **options):
        fake.next(behaviour)
        return run("chat", "--model", MODEL, *arguments, **{"pat": CANARY, **options})

    return chat


def saved(path, **fields):
    """A set as the playground saves it."""
    settings = {**runs.default_settings(), **fields.pop("settings", {})}
    made = {"tools": json.dumps([WEATHER]), "prompt": "Weather?", "model": MODEL, **fields}
    path.write_text(toolset.to_json({**made, "settings": settings}), "utf-8")
    return path


# --- Ask ------------------------------------------------------------------------------------------


def test_the_answer_goes_to_stdout_as_it_is(fake, chat):
    result = chat(says("**Hel", "lo**"), "Hi")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "**Hello**\n", "")
    assert fake.chats[0].headers["authorization"] == f"Bearer {CANARY}"
    assert fake.chats[0].body["messages"] == [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("kind", [answer.Raw, answer.Rendered])
def test_an_answer_is_written_again_from_its_start_if_what_came_was_a_thought(capsys, kind):
    turn = new_turn("Hi", {"url": MODEL, "name": "x", "input_price": None, "output_price": None})
    writer = kind(thinking=False)
    apply(turn, TextDelta("The moon pulls the sea."), 1.0)
    writer.show(turn)
    for event in (TextWasThought(23), TextDelta("Two high tides a day, of course.")):
        apply(turn, event, 2.0)
    writer.show(turn)
    end(turn, "stop", 3.0)
    writer.close(turn)

    *_, last = capsys.readouterr().out.rstrip().splitlines()
    assert last == "Two high tides a day, of course."


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (deltas(finish="error"), ExitCode.THEIRS, "broke off the answer"),
        (deltas({"reasoning": "Hm."}), ExitCode.OK, "The model ended without an answer."),
        (deltas({"refusal": "I cannot."}), ExitCode.OK, ""),
    ],
)
def test_an_end_that_is_no_answer_says_so(chat, behaviour, code, words):
    result = chat(behaviour, "Hi")

    assert result.exit_code == code
    assert words in result.stderr
    assert bool(words) == bool(result.stderr)


def test_stdin_comes_after_the_prompt(fake, chat):
    chat(says("Hello"), "Sum this up:", stdin="first\r\nsecond\n")

    assert fake.chats[0].body["messages"][0]["content"] == "Sum this up:\n\nfirst\nsecond"


@pytest.mark.parametrize("arguments", [["-"], []])
def test_stdin_alone_is_the_question(fake, chat, arguments):
    chat(says("Hello"), *arguments, stdin="What is 1+1?\n")

    assert fake.chats[0].body["messages"][0]["content"] == "What is 1+1?"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        ([], "", "There is no question"),
        (["-"], " \n", "There is no question"),
        (["Hi", "--token-stdin"], "", "no token on stdin"),
        (["-", "--token-stdin"], "a token", "it cannot be a prompt"),
        (["Hi"], b"\x00\x01\x02", "not text"),
        (["Hi", "--temperature", "3"], "", "--temperature"),
        (["Hi", "--model", "no-such-model"], "", "no-such-model is not the address"),
        (["Hi", "--file", "no such file"], "", "no such file"),
        (["Hi", "--json-mode", "--schema", __file__], "", "exclude each other"),
        (["Hi", "--token", "a token"], "", "No such option"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_sent(fake, run, arguments, stdin, said):
    result = run("chat", *arguments, stdin=stdin)

    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr
    assert not fake.chats


def test_a_guessed_encoding_is_said(chat, fake, tmp_path):
    data = "城市,高度\n布雷斯特,7.2 米\n多佛,6.0 米\n".encode("gb18030")
    table = tmp_path / "heights.csv"
    table.write_bytes(data)

    result = chat(says("Brest."), "Which?", "--file", table, stdin=data)

    assert "heights.csv was read as: GB18030 (Chinese)." in result.stderr
    assert "What came on stdin was read as GB18030 (Chinese)." in result.stderr
    assert fake.chats[0].body["messages"][0]["content"].count("布雷斯特") == 2


def test_a_note_about_a_file_is_said(chat, tmp_path):
    log = tmp_path / "run.log"
    log.write_bytes(b"line one\nline\0two\n")

    assert "It has 1 NUL byte" in chat(says("Fine."), "Hi", "--file", log).stderr


def test_settings_that_are_given_are_sent_and_no_others(fake, chat, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object"}', "utf-8")

    chat(
        says("{}"), "Hi", "--system", "Be brief.", "--temperature", 0.3, "--top-p", 0.9,
        "--max-tokens", 100, "--seed", 7, "--stop", "END", "--stop", r"\n\n",
        "--reasoning-effort", "low", "--schema", schema, "--no-stream",
    )  # fmt: skip

    body = fake.chats[0].body
    assert body.pop("model") == MODEL
    assert body.pop("messages")[0] == {"role": "system", "content": "Be brief."}
    assert body == {
        "temperature": 0.3,
        "top_p": 0.9,
        "max_completion_tokens": 100,
        "seed": 7,
        "stop": ["END", "\n\n"],
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}},
        },
    }


def test_efforts_are_those_of_the_page():
    assert commands.EFFORTS == chat_settings.EFFORTS


@pytest.mark.parametrize("name", ["gpt-4_1", "GPT-4.1", "openai/chat-completion/models/gpt-4_1"])
def test_a_model_is_found_by_address_id_or_name(fake, run, name):
    fake.next(says("Hello"))

    run("chat", "Hi", "--model", name, pat=CANARY)

    assert fake.chats[0].body["model"] == MODEL


def test_a_file_goes_with_the_question(fake, chat, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("The code word is heron.", "utf-8")

    chat(says("heron"), "Which word?", "--file", notes)

    content = fake.chats[0].body["messages"][0]["content"]
    assert content.index("notes.txt") < content.index("heron") < content.index("Which word?")


@pytest.mark.parametrize("where", ["prompt", "stdin", "file", "system"])
def test_a_question_with_the_token_in_it_is_not_sent(fake, run, tmp_path, where):
    file = tmp_path / "notes.txt"
    file.write_text(f"CLARIFAI_PAT={CANARY}", "utf-8")
    words = {"prompt": [CANARY], "file": ["--file", file], "system": ["Hi", "--system", CANARY]}

    result = run(
        "chat", *words.get(where, []), "--model", MODEL,
        stdin=CANARY if where == "stdin" else "", pat=CANARY,
    )  # fmt: skip

    assert result.exit_code == ExitCode.YOURS
    assert "Your access token is in what would be sent" in result.stderr
    assert not fake.chats


def test_thoughts_go_to_stderr(chat):
    result = chat(says("9.9", reasoning=["Let me ", "think."]), "Hi")

    assert (result.stdout, result.stderr) == ("9.9\n", "Let me think.\n")


def test_thoughts_can_be_hidden(chat):
    result = chat(says("9.9", reasoning=["Let me think."]), "Hi", "--no-thinking")

    assert (result.stdout, result.stderr) == ("9.9\n", "")


SQUARE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def draws(*urls, content="Here."):
    return deltas({"content": content, "images": [{"image_url": {"url": url}} for url in urls]})


def test_a_picture_is_said_to_have_come_and_how_to_save_it(chat):
    result = chat(draws(SQUARE), "Draw a square.")

    assert (result.exit_code, result.stdout) == (0, "Here.\n")
    assert result.stderr == (
        "The model sent a picture. To save it, ask again with --pictures FOLDER.\n"
    )


def test_pictures_are_written_as_they_came_into_a_folder_and_named(chat, tmp_path):
    folder = tmp_path / "made"
    for number in (1, 2):
        result = chat(draws(SQUARE), "Draw", "--json", "--pictures", folder)
        path = folder / f"picture-{number}.png"  # none is overwritten
        assert path.read_bytes() == PNG
        assert json.loads(result.stdout)["pictures"] == [str(path)]
        assert result.stderr == f"Written: {path}.\n"


def test_a_folder_that_cannot_be_written_is_said_so(chat, tmp_path):
    (tmp_path / "file").write_text("")
    result = chat(draws(SQUARE), "Draw", "--pictures", tmp_path / "file" / "folder")

    assert result.exit_code == ExitCode.USAGE
    assert result.stdout == "Here.\n"
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("url", ["https://a.test/cat.png", "data:image/png;base64,AAAA"])
def test_a_picture_that_cannot_be_read_is_said_to_have_come(chat, url, tmp_path):
    result = chat(draws(url), "Draw", "--pictures", tmp_path)

    assert "The model sent a picture that cannot be read here: not kept." in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_pictures_of_a_conversation_can_be_saved_later_and_go_back(fake, tmp_path, capsys):
    model = dataclasses.replace(Model.at(MODEL), vision=True)
    fake.next(draws(SQUARE, content=""), says("A square."), draws(SQUARE))
    talk = Conversation(model, {}, CANARY, stream=True)
    typed = iter(["Draw", f"/pictures {tmp_path}", "What is it?", "Another", "/exit"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.input", lambda prompt: next(typed))
        assert chatting.conversation(talk, CANARY, (), thinking=False) is ExitCode.OK

    said = capsys.readouterr().err
    assert "a picture. /pictures FOLDER saves it, and what comes after it." in said
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["picture-1.png", "picture-2.png"]
    assert [part["type"] for part in fake.chats[1].body["messages"][-1]["content"]] == [
        "text",
        "image_url",
        "text",
    ]


def test_a_run_of_tools_writes_pictures_too(fake, run, tmp_path):
    fake.next(draws(SQUARE))
    found = run(
        "tools", "run", saved(tmp_path / "set.json"), "--json", "--pictures", tmp_path / "made",
        pat=CANARY,
    )  # fmt: skip

    assert (tmp_path / "made" / "picture-1.png").read_bytes() == PNG
    (made,) = json.loads(found.stdout)["runs"]
    assert made["pictures"] == [str(tmp_path / "made" / "picture-1.png")]


def test_the_result_as_json(chat):
    result = chat(says("9.9", reasoning=["Let me think."]), "Hi", "--json")

    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(found) == fields_in_readme("`chat`")
    assert found["text"] == "9.9"
    assert found["reasoning"] == "Let me think."
    assert found["finish_reason"] == "stop"
    assert found["request_id"]
    assert found["usage"]["prompt_tokens"] > 0
    assert found["problem"] is None


def fields_in_readme(command):
    """The names that README gives the top of a command's JSON."""
    section = " ".join(README.partition("## Command line")[2].partition("\n## ")[0].split())
    sentence = section.partition("`--json` writes")[2].partition(f"{command}: ")[2]
    sentence = re.split(r"\.\s|;", sentence)[0]
    return set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", sentence)))


def test_an_answer_that_follows_the_schema_is_well(chat, tmp_path):
    assert chat(says('{"n": 1}'), "Hi", "--schema", number(tmp_path)).exit_code == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [('{"n": "one"}', "n: "), ("one", "The answer is not JSON."), ("{}", "missing")],
)
def test_an_answer_that_does_not_follow_the_schema_is_invalid(chat, tmp_path, answer, said):
    result = chat(says(answer), "Hi", "--schema", number(tmp_path))

    assert result.exit_code == ExitCode.INVALID
    assert result.stdout == f"{answer}\n"
    assert said in result.stderr


def number(folder):
    schema = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
    path = folder / "schema.json"
    path.write_text(json.dumps(schema), "utf-8")
    return path


# --- The token ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_without_a_token_the_demo_answers_and_says_so(run):
    result = run("chat", "What is Clarifai?")

    assert result.exit_code == 0
    assert "Clarifai in one minute" in result.stdout
    assert "so the Demo answers" in result.stderr


def test_a_model_that_needs_a_token_says_where_one_is_read(run):
    result = run("chat", "Hi", "--model", MODEL)

    assert result.exit_code == ExitCode.YOURS
    assert "needs a Clarifai access token" in result.stderr
    assert "CLARIFAI_PAT" in result.stderr


def test_a_token_can_come_on_stdin(fake, run):
    fake.next(says("Hello"))

    result = run("chat", "Hi", "--model", MODEL, "--token-stdin", stdin=f" {CANARY}\n")

    assert result.stdout == "Hello\n"
    assert fake.chats[0].headers["authorization"] == f"Bearer {CANARY}"


def test_a_token_that_a_server_repeats_is_not_shown(fake, run):
    result = run("chat", "Hi", "--model", MODEL, pat="nobodys-token-0123456789")

    assert result.exit_code == ExitCode.YOURS
    assert "does not accept this access token" in result.stderr
    assert "nobodys-token" not in result.output


def test_the_token_is_not_in_the_json_even_if_the_model_says_it(chat):
    found = json.loads(chat(says(f"It is {CANARY}."), "Hi", "--json").stdout)

    assert found["text"] == "It is [access token]."


# --- How it ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "code", "said"),
    [
        (status(401, 11009), ExitCode.YOURS, "does not accept this access token"),
        (status(402, 11006), ExitCode.YOURS, "Cause: your Clarifai account."),
        (status(400, 11102), ExitCode.YOURS, "Cause: your request."),
        (status(500, 21313), ExitCode.THEIRS, "Cause: the model."),
        (status(500), ExitCode.THEIRS, "Cause: Clarifai."),
        (cut(), ExitCode.THEIRS, "Cause: the network."),
    ],
)
def test_the_exit_code_says_whose_doing_a_failure_is(chat, waits, behaviour, code, said):
    waits(None)

    result = chat(behaviour, "Hi")

    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_every_side_has_a_code_and_help_lists_every_code():
    assert set(BY_SIDE) == set(get_args(Side))
    assert {int(n) for n in re.findall(r"^  (\d+) ", ending.HELP, re.MULTILINE)} == set(ExitCode)


def test_a_failure_is_in_the_json_too(chat, waits):
    waits(None)

    result = chat(status(429, 11005), "Hi", "--json")

    problem = json.loads(result.stdout)["problem"]
    assert result.exit_code == ExitCode.YOURS
    assert problem["kind"] == "RateLimited"
    assert problem["cause"] == "your Clarifai account"
    assert problem["code"] == 11005


def test_what_came_before_a_failure_is_kept(chat):
    result = chat(cut("Half an ans"), "Hi")

    assert (result.exit_code, result.stdout) == (ExitCode.THEIRS, "Half an ans\n")


def test_what_may_pass_is_tried_again_visibly(fake, chat, waits):
    waits(0.01)
    fake.next(status(503, 21354))

    result = chat(says("Hello"), "Hi")

    assert (result.exit_code, result.stdout) == (0, "Hello\n")
    assert "The model is busy. Trying again" in result.stderr


@pytest.mark.slow
def test_a_server_that_is_not_there_is_the_networks_doing(run, waits):
    waits(None)

    result = run("chat", "Hi", "--model", MODEL, pat=CANARY)

    assert result.exit_code == ExitCode.THEIRS
    assert "refused the connection" in result.stderr


def test_a_mistake_of_ours_is_a_sentence(run, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError(CANARY)

    monkeypatch.setattr(inputs, "model", fails)

    result = run("chat", "Hi")

    assert result.exit_code == ExitCode.APP
    assert "This app made a mistake" in result.stderr


def test_settings_that_cannot_be_used_are_named(run, set_up):
    set_up(REPLY_TIMEOUT_S="soon")

    result = run("chat", "Hi")

    assert result.exit_code == ExitCode.USAGE
    assert "REPLY_TIMEOUT_S" in result.stderr


# Raised for visitors of a page, or for files that a database keeps.
ELSEWHERE = {
    "SharedPatSpent",
    "SharedPatElsewhere",
    "FileGone",
    "FileOutOfReach",
    "AppBusy",
    "AppFull",
}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_no_advice_leads_to_a_page(kind: type[ChatError]):
    if kind.__name__ not in ELSEWHERE:
        advice = ending.advice(kind().problem())
        assert not re.search(r"sidebar|under Settings|above|Continue|new chat", advice)


def test_advice_is_for_failures_that_exist():
    assert set(ADVICE) <= {kind.__name__ for kind in kinds()}


def test_a_model_cannot_steer_the_terminal():
    assert printable("a\x1b]0;title\x07b\r\n\tc\ud83d") == "a\ufffd]0;title\ufffdb\n\tc?"


# --- Models ---------------------------------------------------------------------------------------


def test_models_are_lines_for_the_next_program(run):
    result = run("models")

    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert len(rows) > 20
    assert {len(row) for row in rows} == {5}
    assert any(row[0] == "openai/chat-completion/models/gpt-4_1" for row in rows)


def test_models_are_searched_and_filtered(run):
    everything = json.loads(run("models", "--json").stdout)
    found = json.loads(run("models", "gpt", "--family", "openai", "--tools", "--json").stdout)

    assert 0 < len(found) < len(everything)
    assert {model["family"] for model in found} == {"OpenAI"}
    assert all(model["tools"] and "gpt" in model["id"] for model in found)


def test_a_search_that_finds_nothing_says_so(run):
    result = run("models", "claude", "--family", "OpenAI")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No model matches.\n")


def test_a_family_that_does_not_exist_is_met_with_those_that_do(run):
    result = run("models", "--family", "Nobody")

    assert result.exit_code == ExitCode.USAGE
    assert "Anthropic" in result.stderr


def test_with_a_token_the_list_is_clarifais_own(fake, run):
    found = json.loads(run("models", "--json", pat=CANARY).stdout)

    assert any(model["tier"] == "live" for model in found)


@pytest.mark.slow
def test_a_list_that_cannot_be_had_is_replaced_and_said(run):
    result = run("models", "gpt", pat=CANARY)

    assert (result.exit_code, result.stdout != "") == (0, True)
    assert "The server's own list is not available" in result.stderr


# --- Tools ----------------------------------------------------------------------------------------


@pytest.fixture
def run_tools(fake, run):
    """Run a file of tools against the fake Clarifai."""

    def run_tools(path, *behaviours, arguments=()):
        fake.next(*behaviours)
        return run("tools", "run", path, *arguments, pat=CANARY)

    return run_tools


PARIS = ("get_weather", '{"location": "Paris"}')


def test_a_valid_call_ends_well(fake, run_tools, tmp_path):
    result = run_tools(saved(tmp_path / "set.json"), calls(*PARIS))

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:2] == ['get_weather({"location": "Paris"})', "  valid"]
    assert "called get_weather: valid" in lines[-1]
    assert fake.chats[0].body["tools"] == [WEATHER]
    assert fake.chats[0].body["messages"] == [{"role": "user", "content": "Weather?"}]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (calls("get_weather", '{"place": "Paris"}'), "invalid: "),
        (calls("get_whether", "{}"), "unknown tool: "),
        (malformed_arguments(), "not JSON: "),
    ],
)
def test_a_call_that_is_not_valid_ends_with_1(run_tools, tmp_path, behaviour, said):
    result = run_tools(saved(tmp_path / "set.json"), behaviour)

    assert result.exit_code == ExitCode.INVALID
    assert said in result.stdout


@pytest.mark.parametrize(
    ("choice", "code"), [("auto", 0), ("none", 0), ("required", 1), ("get_weather", 1)]
)
def test_no_call_is_not_well_where_one_was_required(run_tools, tmp_path, choice, code):
    path = saved(tmp_path / "set.json", settings={"tool_choice": choice})

    result = run_tools(path, says("It rains."))

    assert result.exit_code == code
    assert "It rains." in result.stdout


def test_a_failure_of_a_run_ends_with_its_cause(run_tools, tmp_path, waits):
    waits(None)

    result = run_tools(saved(tmp_path / "set.json"), status(500, 21313))

    assert result.exit_code == ExitCode.THEIRS
    assert "The model failed" in result.stderr


def test_the_worst_of_several_runs_counts(fake, run_tools, tmp_path):
    bad = calls("get_weather", "{}")
    arguments = ["--repeat", 3, "--json"]

    result = run_tools(
        saved(tmp_path / "set.json"), calls(*PARIS), bad, calls(*PARIS), arguments=arguments
    )

    found = json.loads(result.stdout)
    assert result.exit_code == ExitCode.INVALID
    assert set(found) == fields_in_readme("`tools run`")
    assert [each["ok"] for each in found["runs"]] == [True, False, True]
    assert not found["ok"]
    (call,) = found["runs"][0]["calls"]
    assert (call["name"], call["status"]) == ("get_weather", "valid")
    assert json.loads(call["arguments_text"]) == {"location": "Paris"}
    assert call["arguments"][0]["path"] == "location"


def test_prompt_and_model_can_be_replaced(fake, run_tools, tmp_path):
    other = "https://clarifai.com/openai/chat-completion/models/o4-mini"
    arguments = ["--prompt", "Is it hot?", "--model", other]

    run_tools(saved(tmp_path / "set.json"), calls(*PARIS), arguments=arguments)

    body = fake.chats[0].body
    assert (body["model"], body["messages"][0]["content"]) == (other, "Is it hot?")


@pytest.mark.slow
def test_built_ins_answer_where_the_set_says_so(run, tmp_path):
    calculate = {
        "type": "function",
        "function": {
            "name": "calculate",
            "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
        },
    }
    path = saved(
        tmp_path / "set.json",
        tools=json.dumps([calculate]),
        prompt="What is 15% of 80?",
        model="demo",
        settings={"answers": "automatic"},
    )

    found = json.loads(run("tools", "run", path, "--json").stdout)

    (call,) = found["runs"][0]["calls"]
    assert json.loads(call["answer"])["result"] == 12
    assert "12" in found["runs"][0]["text"]


def test_bare_tools_run_with_a_prompt(run_tools, tmp_path):
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([WEATHER]), "utf-8")

    refused = run_tools(path)
    result = run_tools(path, calls(*PARIS), arguments=["--prompt", "Weather?", "--model", MODEL])

    assert refused.exit_code == ExitCode.USAGE
    assert "--prompt" in refused.stderr
    assert result.exit_code == 0


def test_a_run_that_the_playground_saved_runs_again(fake, run_tools, tmp_path):
    settings = {**runs.default_settings(), "temperature": 0.5, "tool_choice": "required"}
    model = {"url": MODEL, "name": "GPT-4.1", "input_price": None, "output_price": None}
    path = tmp_path / "run.json"
    saved_run = runs.new_run("Weather?", model, [WEATHER], settings, {}, {})
    path.write_text(run_file.as_json(saved_run), "utf-8")

    assert run_tools(path, calls(*PARIS)).exit_code == 0

    sent = runs.request(saved_run).body
    assert fake.chats[0].body == sent


@pytest.mark.parametrize("text", ["not JSON", "[]", '[{"name": '])
def test_a_file_without_tools_is_refused(run, tmp_path, text):
    path = tmp_path / "tools.json"
    path.write_text(text, "utf-8")

    result = run("tools", "run", path, "--prompt", "Hi")

    assert result.exit_code == ExitCode.USAGE
    assert re.search(r"tools.json|no tools in the file", result.stderr)


# --- Code -----------------------------------------------------------------------------------------


@pytest.fixture
def kinds_of_code():
    return list(pytest.importorskip("clarifai_chat.llm.code").KINDS)


def test_kinds_of_code_are_those_of_the_page(kinds_of_code):
    assert list(commands.KINDS) == kinds_of_code


def test_every_kind_of_code_is_written_and_nothing_is_sent(fake, run, kinds_of_code):
    for kind in kinds_of_code:
        result = run("code", kind, "Why is the sky blue?", "--model", MODEL, pat=CANARY)

        assert result.exit_code == 0, result.output
        assert MODEL in result.stdout
        assert "CLARIFAI_PAT" in result.stdout
    assert not fake.journal


def test_the_code_of_a_saved_set_has_its_tools(run, tmp_path, kinds_of_code):
    result = run("code", "curl", "--from", saved(tmp_path / "set.json"))

    assert result.exit_code == 0, result.output
    assert "get_weather" in result.stdout
    assert "Weather?" in result.stdout


def test_code_is_saved_with_its_files(run, tmp_path, kinds_of_code):
    result = run("code", "curl", "Hi", "--model", MODEL, "--save", tmp_path / "out")

    assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert any("CLARIFAI_PAT" in f.read_text("utf-8") for f in (tmp_path / "out").iterdir())


def test_a_picture_goes_into_a_file_beside_the_code(run, tmp_path, kinds_of_code):
    picture = tmp_path / "map.png"
    Image.effect_noise((300, 300), 100).save(picture)
    question = ["code", "litellm", "Where is this?", "--model", MODEL, "--file", picture]

    shown = run(*question)
    kept = run(*question, "--save", tmp_path / "out")

    assert (shown.exit_code, kept.exit_code) == (0, 0), shown.output + kept.output
    code, *others = sorted((tmp_path / "out").iterdir(), key=lambda file: file.suffix != ".py")
    assert code.read_text("utf-8") == shown.stdout
    assert others
    for other in others:
        assert other.name in shown.stdout
        assert f"{other.name} beside it" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-kind", "Hi"], "curl"),
        (["curl"], "There is no question"),
        (["curl", "Hi", "--model", "demo"], "The Demo runs inside this app only"),
    ],
)
def test_code_that_cannot_be_written_is_refused(run, kinds_of_code, arguments, said):
    result = run("code", *arguments)

    assert result.exit_code == ExitCode.USAGE
    assert said in result.stderr


# --- As a process ---------------------------------------------------------------------------------


def environment(**settings):
    """The environment of a process: no developer's .env or shell says more than this."""
    kept = {n: v for n, v in os.environ.items() if n not in config.SETTING_NAMES}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    base = {"PYTHONPATH": path, "CLARIFAI_API_BASE": NOWHERE, "TERM": "xterm", "COLUMNS": "80"}
    return {**kept, **base, **settings}


COMMAND = [sys.executable, "-m", "clarifai_chat"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [[], ["chat"], ["tools", "run"]])
def test_help_comes_without_what_takes_time(tmp_path, command):
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "clarifai_chat", *command, "--help"],
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=environment(),
        timeout=PATIENCE_S, check=True,
    )  # fmt: skip

    imported = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert "clarifai_chat.cli.commands" in imported
    assert not imported & {"litellm", "openai", "streamlit", "httpx", "rich", "jsonschema"}
    assert "Exit codes:" in shown.stdout


@pytest.mark.slow
def test_ctrl_c_stops_the_request_and_keeps_what_came(fake, tmp_path):
    fake.next(stall("Half an ", "answer"))
    process = subprocess.Popen(
        [*COMMAND, "chat", "Hi", "--model", MODEL],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
        env=environment(CLARIFAI_API_BASE=fake.base, CLARIFAI_PAT=CANARY),
    )  # fmt: skip
    with process:
        came = process.stdout.read(len("Half an answer"))
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=PATIENCE_S)

    assert (came, rest) == (b"Half an answer", b"\n")
    assert process.returncode == ExitCode.INTERRUPTED
    assert said.decode() == "Stopped.\n"
    assert fake.chats[0].left.wait(PATIENCE_S)


def test_ctrl_c_in_the_middle_of_writing_writes_nothing_twice(monkeypatch):
    written = []

    class Writer:
        def show(self, turn):
            written.append("shown")
            signal.raise_signal(signal.SIGINT)
            written.append("noted")

        def close(self, turn):
            written.append("closed")

    class Reply:
        version = 0

    monkeypatch.setattr(replies, "ask", lambda *_, **__: None)
    monkeypatch.setattr(replies, "get", lambda turn: Reply)
    monkeypatch.setattr(replies, "stop", lambda turn: written.append("stopped"))

    answer.ask(new_turn("Hi", asked_of(DEMO)), None, Writer())

    assert written == ["shown", "noted", "stopped", "closed"]


@pytest.mark.slow
def test_who_has_read_enough_may_leave(tmp_path):
    shown = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {COMMAND[0]} -m clarifai_chat models | head -1"],
        capture_output=True, text=True, cwd=tmp_path, env=environment(), timeout=PATIENCE_S,
        check=True,
    )  # fmt: skip

    assert len(shown.stdout.splitlines()) == 1
    assert shown.stderr == ""


class Terminal:
    """A process that a person sits at: types into it, and reads what it shows."""

    def __init__(self, *arguments, cwd, **settings):
        pty = pytest.importorskip("pty")  # Windows has none
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=other, stdout=other, stderr=other, cwd=cwd, env=environment(**settings),
            start_new_session=True,
        )  # fmt: skip
        os.close(other)
        self.shown = ""
        self._read = 0  # of it

    def until(self, text):
        """Read until `text` is shown after what was waited for before; return what came before
        it."""
        start = self._read
        while text not in self.shown[start:]:
            try:
                more = os.read(self._end, 65536)
            except OSError:  # Linux: the process has closed its side
                more = b""
            assert more, f"The process ended without {text!r}: {self.shown!r}"
            self.shown += more.decode("utf-8", "replace")
        found = self.shown.index(text, start)
        self._read = found + len(text)
        return self.shown[start:found]

    def type(self, text):
        os.write(self._end, f"{text}\n".encode())

    def close(self):
        code = self.process.wait(PATIENCE_S)
        os.close(self._end)
        return code


@pytest.mark.slow
def test_a_conversation_on_a_terminal(fake, tmp_path):
    fake.next(says("It is **wet**.\n"), stall("Half"), says("Fresh.\n"))
    terminal = Terminal(
        "chat", "--model", MODEL, cwd=tmp_path, CLARIFAI_API_BASE=fake.base, CLARIFAI_PAT=CANARY
    )

    terminal.until("> ")
    terminal.type("Weather?")
    answer = terminal.until("\r\n> ")
    terminal.type("And tomorrow?")
    terminal.until("Half")
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.until("Stopped.")
    terminal.until("> ")
    terminal.type("/new")
    terminal.until("A new conversation.")
    terminal.type("Hi")
    terminal.until("Fresh.")
    terminal.until("\r\n> ")
    terminal.type("/exit")

    assert terminal.close() == 0
    assert f"{BOLD_ESCAPE}wet" in answer
    assert "**" not in answer
    asked = [[m["content"] for m in seen.body["messages"]] for seen in fake.chats]
    assert asked == [["Weather?"], ["Weather?", "It is **wet**.\n", "And tomorrow?"], ["Hi"]]
    assert_no_canary("a terminal", terminal.shown)


@pytest.mark.slow
def test_the_examples_in_the_readme_run(tmp_path):
    section = README.partition("\n## Command line\n")[2].partition("\n## ")[0]
    examples = section.partition("```sh\n")[2].partition("```")[0].splitlines()
    (tmp_path / "notes.txt").write_text("It rained on Monday.", "utf-8")
    saved(tmp_path / "my-tools.json")
    assert len(examples) == 4

    for example in examples:
        command = example.replace(".venv/bin/python", sys.executable)
        assert command != example
        shown = subprocess.run(
            ["bash", "-c", command],
            capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
            cwd=tmp_path, env=environment(), timeout=PATIENCE_S, check=False,
        )  # fmt: skip

        assert (shown.returncode, bool(shown.stdout)) == (0, True), shown.stderr
