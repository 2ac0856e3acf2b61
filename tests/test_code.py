"""Code for a request: what each kind of snippet says, and that any text survives in it."""

import ast
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from clarifai_chat.llm.code import KINDS, snippet, snippets
from clarifai_chat.llm.code.literals import (
    JAVASCRIPT,
    JSON,
    PYTHON,
    WIDTH,
    literal,
    shell_text,
    yaml_text,
)
from clarifai_chat.llm.request import ChatRequest
from tests.canary import CANARY, assert_no_canary
from tests.some_requests import (
    API_BASE,
    AWKWARD,
    CASES,
    MODELS,
    PICTURE,
    SOUND,
    encoded,
    request,
    user,
)

EVERY = [(case, model) for case in CASES for model in MODELS]
characters = st.characters() | st.sampled_from("\"'\\`${}\n\r\t\0\u2028\u202e\ud800\udc00😀é")
texts = st.text(characters)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def ask(content, **more):
    return ChatRequest(MODELS["o4-mini"], (user(content),), **{"stream": False, **more})


def whole(made):
    """A snippet's text with what lies beside it."""
    return "\n".join([made.text, *(data.decode("latin-1") for data in made.files.values())])


# --- What a snippet says ----------------------------------------------------------------------


def test_there_is_a_snippet_of_every_kind():
    made = snippets(request(), API_BASE)

    assert tuple(s.kind for s in made) == KINDS
    assert len({s.label for s in made}) == len({s.filename for s in made}) == len(KINDS)
    assert all(s.notes for s in made)


def test_a_question_with_litellm_is_asked_as_on_the_provider_page():
    assert (
        snippet("litellm", request(), API_BASE).text
        == """\
import os

import litellm

litellm.suppress_debug_info = True  # it prints about names that are not in its list

response = litellm.completion(
    model="openai/https://clarifai.com/openai/chat-completion/models/o4-mini",
    api_base="https://api.clarifai.com/v2/ext/openai/v1",
    api_key=os.environ["CLARIFAI_PAT"],
    messages=[{"role": "user", "content": "Hi"}],
)
print(response.choices[0].message.content)
"""
    )


def test_a_question_with_curl_holds_only_what_is_set():
    assert (
        snippet("curl", request(), API_BASE).text
        == """\
curl 'https://api.clarifai.com/v2/ext/openai/v1/chat/completions' \\
  --header "Authorization: Bearer $CLARIFAI_PAT" \\
  --header 'Content-Type: application/json' \\
  --data '{
  "messages": [{"role": "user", "content": "Hi"}],
  "model": "https://clarifai.com/openai/chat-completion/models/o4-mini"
}'
"""
    )


def test_a_slash_after_the_address_is_not_doubled():
    assert snippets(request(), API_BASE + "/") == snippets(request(), API_BASE)


@pytest.mark.parametrize("kind", ["litellm", "openai"])
def test_messages_of_several_lines_are_read_line_by_line(kind):
    text = (
        "Answer briefly, whatever the question is.\n\nAnd in the language of the question, please."
    )

    lines = [line.strip() for line in snippet(kind, ask(text), API_BASE).text.splitlines()]

    assert r'"Answer briefly, whatever the question is.\n"' in lines
    assert r'"And in the language of the question, please."' in lines


def test_litellm_is_called_so_that_the_models_name_decides_nothing():
    """litellm takes "o4-mini" for OpenAI's own, for which it rewrites the system message."""
    questions = {
        name: snippet("litellm", request("stream", name), API_BASE).text for name in MODELS
    }

    assert 'model="custom_openai/https' in questions["o4-mini"]
    assert "disable_hf_tokenizer_download" in questions["llama-3"]
    plain = questions["a version"]
    assert 'model="openai/https' in plain
    assert "disable_hf_tokenizer_download" not in plain
    extra = plain.partition("extra_body=")[2].partition("\n")[0]
    assert extra == '{"temperature": 0.2, "max_tokens": 70},'


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_asked_for_is_not_in_the_code(kind):
    made = snippet(kind, request("text"), API_BASE)

    assert not re.search(
        r"\b(tools|tool_calls|temperature|stream|usage)\b",
        made.text.replace('"openai/", the proxy would refuse tools and temperature', ""),
    )
    assert "base64" not in whole(made)


@pytest.mark.parametrize(("kind", "lost"), [("javascript", 1), ("fetch", 1), ("openai", 0)])
def test_a_number_that_javascript_would_round_is_named(kind, lost):
    seeds = {"seed": 2**53 + 1, "top_p": 1e300, "max_tokens": 2**60, "n": 10**400}

    notes = " ".join(snippet(kind, ask("Hi", params=seeds), API_BASE).notes)

    assert notes.count("rounds the number 9007199254740993") == lost
    assert notes.count(f"the number {10**400}:") == lost
    assert str(2**60) not in notes, "That one has an exact double."


def test_only_known_kinds_are_written():
    with pytest.raises(KeyError):
        snippet("fortran", request(), API_BASE)


def test_the_lock_of_the_package_for_node_names_a_checksum_and_no_registry():
    folder = Path(__file__).parent / "node"
    asked = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))

    packages = {name: facts for name, facts in lock["packages"].items() if name}
    assert {
        name.removeprefix("node_modules/"): p["version"] for name, p in packages.items()
    } == asked
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())
    assert "://" not in json.dumps(lock)


# --- The token --------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "model"), EVERY)
def test_no_snippet_holds_the_token(set_up, case, model):
    set_up(CLARIFAI_PAT=CANARY)
    for made in snippets(request(case, model), API_BASE):
        assert_no_canary(f"{made.kind}", whole(made) + " ".join(made.notes))
        assert "CLARIFAI_PAT" in made.text


def test_the_proxys_callers_know_only_its_own_key():
    files = snippet("proxy", request(), API_BASE).files

    assert all(b"LITELLM_MASTER_KEY" in files[f"ask_proxy.{end}"] for end in ("sh", "py"))
    assert not any(b"CLARIFAI_PAT" in data for data in files.values())


# --- Pictures, sounds and files ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["litellm", "openai", "javascript", "fetch", "proxy"])
def test_what_is_long_lies_beside_the_code_once(kind):
    made = snippet(kind, request("picture"), API_BASE)
    text = whole(made) if kind == "proxy" else made.text

    assert made.files["picture-1.png"] == PICTURE
    assert made.files["sound-2.wav"] == SOUND
    assert len(made.files) == (5 if kind == "proxy" else 2)
    assert text.count('"picture-1.png"') == 2
    assert f"base64,{encoded(b'short')}" in text
    assert "`picture-1.png`" in " ".join(made.notes)


def test_a_long_body_of_curl_is_a_file_whole():
    made = snippet("curl", request("picture"), API_BASE)

    assert json.loads(made.files["request.json"]) == request("picture").body
    assert "--data @request.json" in made.text


def test_more_text_than_a_command_may_have_is_a_file_too():
    short, long = (snippet("curl", ask("é" * length), API_BASE) for length in (40_000, 60_000))

    assert not short.files
    assert json.loads(long.files["request.json"])["messages"][0]["content"] == "é" * 60_000


@pytest.mark.parametrize(
    ("mime", "name"),
    [
        ("image/jpeg", "picture-1.jpg"),
        ("application/pdf", "file-1.pdf"),
        ("text/plain", "file-1.txt"),
        ("application/vnd.a+../b", "file-1.bin"),
        ("application/", None),
        ("text/plain;charset=utf-8", "file-1.txt"),
    ],
)
def test_a_file_is_named_after_its_kind(mime, name):
    part = {"type": "file", "file": {"file_data": f"data:{mime};base64,{encoded(PICTURE)}"}}

    made = snippet("openai", ask([part]), API_BASE)

    assert list(made.files) == ([name] if name else [])
    assert (encoded(PICTURE) in made.text) is (name is None)
    assert f"data:{mime};base64," in made.text


@pytest.mark.parametrize(
    "odd",
    [
        "data:image/png;base64," + "A" * 3001,  # one character too many
        "data:image/png;base64," + "A" * 2998 + "B=",  # bits that decoding loses
        "data:image/png;base64," + "A" * 3000 + " and words",
        "data:image/png," + "A" * 3000,
        "x" * 3000,
    ],
)
def test_what_a_file_would_change_stays_in_the_code(odd):
    made = snippet("openai", ask(odd), API_BASE)

    assert not made.files
    assert odd in made.text


# --- The proxy --------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_the_proxys_config_names_the_model(model):
    config = yaml.safe_load(snippet("proxy", request("text", model), API_BASE).text)

    first, others = config["model_list"]
    assert first["model_name"] == "clarifai-model"
    assert first["litellm_params"] == {
        "model": f"custom_openai/{MODELS[model]}",
        "api_key": "os.environ/CLARIFAI_PAT",
        "api_base": API_BASE,
        "allowed_openai_params": ["reasoning_effort"],
    }
    assert others["model_name"] == "https://clarifai.com/*"
    assert config["general_settings"] == {"master_key": "os.environ/LITELLM_MASTER_KEY"}


def test_each_line_that_the_provider_page_lacks_has_its_reason():
    lines = snippet("proxy", request(), API_BASE).text.splitlines()
    page = ("model_list:", "  - model_name: ", "      api_", "    litellm_params:")
    last = lines.index("  # Any other model by its URL, for the same reasons in the same way")
    rest = lines.index("litellm_settings:")

    def explained(number):
        is_section = re.fullmatch(r"\w+:", lines[number])
        return is_section or "#" in lines[number] or "#" in lines[number - 1]

    new = [n for n, line in enumerate(lines) if not line.startswith(page) and not last < n < rest]
    assert len(new) > 8
    assert [lines[n] for n in new if not explained(n)] == []


def test_a_model_that_is_no_url_has_no_others_at_its_host():
    config = yaml.safe_load(snippet("proxy", ChatRequest("demo", (user("Hi"),)), API_BASE).text)

    assert len(config["model_list"]) == 1
    assert "provider_url_destination_allowed_hosts" not in config["litellm_settings"]


def test_a_parameter_that_the_proxy_would_rename_is_kept_from_it():
    files = snippet("proxy", request("every parameter"), API_BASE).files

    assert b'"extra_body": {"max_completion_tokens": 9}' in files["ask_proxy.sh"]
    assert b'extra_body={"extra_body": {"max_completion_tokens": 9}}' in files["ask_proxy.py"]


# --- Any text ---------------------------------------------------------------------------------


def arguments(source, function):
    """The keyword arguments of a call in Python source, as values."""
    names = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "tools":
            names["tools"] = ast.literal_eval(node.value)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function:
            for keyword in node.keywords:
                if isinstance(keyword.value, ast.Name):
                    yield keyword.arg, names[keyword.value.id]
                else:
                    yield keyword.arg, ast.literal_eval(keyword.value)


@given(texts, values)
@example(AWKWARD, {"__proto__": [1, AWKWARD]})
def test_python_says_the_same_body(text, value):
    tool = {"type": "function", "function": {"name": text, "parameters": {text: value}}}
    asked = ask(text, tools=(tool,), params={"stop": [text, text[::-1]]})

    source = snippet("openai", asked, API_BASE).text

    source.encode()  # fit for a file
    body = dict(arguments(source, "client.chat.completions.create"))
    assert body == asked.body


@given(values)
@example([0.1, 1e22, -0.0, 5e-324, {"": []}, [[]], {}])
def test_json_says_the_same_value(value):
    assert json.loads(literal(value, JSON)) == value_as_json(value)


def value_as_json(value):
    """Two halves of a character, one after the other, are that character in JSON."""
    return json.loads(json.dumps(value))


@given(texts)
def test_yaml_says_the_same_text(text):
    model = f"https://clarifai.com/a/b/models/{text}"

    config = yaml.safe_load(snippet("proxy", ChatRequest(model, (user("Hi"),)), API_BASE).text)

    assert config["model_list"][0]["litellm_params"]["model"] == f"custom_openai/{model}"
    assert yaml.safe_load(yaml_text(text)) == text


@pytest.mark.parametrize(
    "text", ["true", "null", "1.5", "1.e3", "a: b", "a:", "- a", "x #y", "~", ""]
)
def test_a_word_that_yaml_reads_otherwise_is_quoted(text):
    assert yaml.safe_load(yaml_text(text)) == text


@pytest.mark.parametrize("language", [PYTHON, JAVASCRIPT, JSON])
def test_nothing_in_a_text_hides_or_turns_the_line_around(language):
    shown = literal(AWKWARD, language)

    assert not set("\x00\x1b\x7f\x85\u2028\ufeff\u202e\u202c") & set(shown)
    assert "👨\u200d👩\u200d👧, עברית" in shown


def test_numbers_that_json_lacks_are_still_numbers():
    assert literal([float("inf"), float("nan")], PYTHON) == '[float("inf"), float("nan")]'
    assert literal([float("-inf"), float("nan")], JAVASCRIPT) == "[-Infinity, NaN]"


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        literal({1, 2}, PYTHON)


def some_texts():
    """As many odd texts as one call of another program can check."""
    chance = random.Random(0)  # noqa: S311, the same ones each time
    alphabet = [*"\"'\\`${}()[]!#&;|<>*?~\n\r\t /ab", "\u2028", "\u202e", "é", "日", "😀", "\udc00"]
    made = ["".join(chance.choices(alphabet, k=chance.randrange(40))) for _ in range(400)]
    return [AWKWARD, "", "\n", "__proto__", "x" * WIDTH, *made]


@pytest.mark.slow
def test_javascript_says_the_same_values(tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    values = [[{text: text, "a\nb": [text, {"__proto__": text}]}, text] for text in some_texts()]
    file = tmp_path / "values.mjs"
    file.write_text(f"console.log(JSON.stringify({literal(values, JAVASCRIPT)}));", "utf-8")

    said = subprocess.run(["node", file], capture_output=True, text=True, check=True).stdout

    assert json.loads(said) == value_as_json(values)


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_says_the_same_texts(tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    texts = [text.replace("\0", "").encode(errors="ignore").decode() for text in some_texts()]
    file = tmp_path / "texts.sh"
    file.write_text(f"printf '%s\\0' {' '.join(map(shell_text, texts))}", "utf-8", newline="")

    said = subprocess.run([shell, file], capture_output=True, check=True).stdout

    assert said.decode().split("\0") == [*texts, ""]


@given(texts)
def test_a_command_holds_no_character_that_a_shell_drops(text):
    made = snippet("curl", ask(text), API_BASE).text

    assert "\0" not in made
    data = made.partition("--data ")[2].strip()
    assert data[0] == data[-1] == "'"
    assert json.loads(data[1:-1].replace("'\\''", "'")) == value_as_json(ask(text).body)
