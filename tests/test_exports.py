"""Exports: nothing lost in JSON, nothing that breaks out of Markdown, nothing that runs in HTML."""

import base64
import html.parser
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clarifai_chat.access_token import MARK, redact
from clarifai_chat.catalog import DEFAULT_URL
from clarifai_chat.chat.chats import add, new_chat
from clarifai_chat.markdown.contained import contained, fenced
from clarifai_chat.markdown.rendered import rendered
from clarifai_chat.playground import chat_tools
from clarifai_chat.transfer.exports import file_name, to_html, to_json, to_markdown
from tests.canary import CANARY, assert_no_canary, leaks_in
from tests.some_chats import CONTENTS, PNG, TEXTS, any_chats, odd_data, rich_chat, turn

slow = settings(max_examples=50, suppress_health_check=list(HealthCheck))


def chat_with(content, **fields):
    chat = new_chat()
    add(chat, turn("Hi", content, **fields), None)
    return chat


def page(content="", **fields):
    return to_html([chat_with(content, **fields)], secret="")


def shown(text):
    return rendered(text, lambda text: text)


class Elements(html.parser.HTMLParser):
    """The elements of a page: (tag, attributes) of each, and whether they are closed in order."""

    VOID = ("meta", "link", "img", "br", "hr")

    def __init__(self, page):
        super().__init__()
        self.found, self.open, self.text = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in self.VOID  # elsewhere HTML takes "/>" for ">"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


# JSON


def test_json_names_its_format_and_holds_everything():
    chat = rich_chat()

    found = json.loads(to_json([chat], secret="", contents=CONTENTS))

    assert (found["format"], found["version"]) == ("clarifai-chat", 1)
    (row,) = found["chats"]
    assert {k: row[k] for k in chat if k not in ("turns", "revision")} == {
        k: v for k, v in chat.items() if k not in ("turns", "revision")
    }
    for exported, kept in zip(row["turns"], chat["turns"], strict=True):
        for name, value in kept.items():
            if name != "attachments":
                assert exported[name] == value
    assert row["turns"][0]["cost_usd"] == pytest.approx((412 * 0.09 + 280 * 0.36) / 1e6)
    assert base64.b64decode(found["contents"]["a" * 32]) == PNG


def test_content_that_is_not_given_is_left_out_of_json():
    assert "contents" not in json.loads(to_json([rich_chat()], secret=""))


def test_a_reply_that_is_under_way_is_exported_as_far_as_it_is():
    chat = chat_with("Half an ans", ended_at=None, ending="")
    chat["turns"][0]["notice"] = {"what": "Busy.", "until": 1.0, "attempt": 2, "attempts": 3}

    (row,) = json.loads(to_json([chat], secret=""))["chats"]

    assert row["turns"][0]["replies"][0]["content"] == "Half an ans"
    assert row["turns"][0]["ending"] == "interrupted"
    assert "notice" not in row["turns"][0]
    assert chat["turns"][0]["ended_at"] is None


# Markdown

_reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def outline(document):
    tokens = _reader.parse(document)
    return [
        (token.tag, tokens[at + 1].content)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and not token.level and token.tag in ("h1", "h2")
    ]


def test_json_mode_is_described_in_words():
    chat = rich_chat()
    chat["settings"] = {"json_schema": "{}"}

    assert "- Answers: JSON" in to_markdown([chat], secret="")
    assert "Schema" not in to_markdown([chat], secret="")
    assert "Answers JSON" in to_html([chat], secret="")
    assert "JSON Schema" not in to_html([chat], secret="")


def test_penalties_are_told_in_words():
    chat = rich_chat()
    chat["settings"] = {"presence_penalty": 0.5, "frequency_penalty": -1.0}

    text = to_markdown([chat], secret="")

    assert "- Presence penalty: 0.5\n- Frequency penalty: -1.0" in text.replace("\\", "")


def test_markdown_shows_question_thoughts_calls_answer_and_figures():
    text = to_markdown([rich_chat()], secret="")

    assert outline(text)[1:] == [("h2", "You"), ("h2", "GPT-OSS 120B")] * 3
    assert "> **Thought for 3.2 s**\n>\n> The user asks about *Paris*." in text
    assert 'Called get\\_weather:\n\n```json\n{"city": "Paris"}\n```' in text
    assert 'Result of get\\_weather:\n\n```json\n{"sky": "rain"}\n```' in text
    assert "412 tokens in, 280 out (90 of them thinking) · \\$0.00014" in text
    assert "- Temperature: 0.2\n- Stop at: 'END'" in text
    assert "> Answer shortly.\n> Be kind." in text
    assert "Attached: map.png (image, 79 bytes)" in text
    assert "Version 1 of 2 from here on; only this one is shown." in text
    assert "1 earlier answer is not shown here." in text
    assert "The connection was lost" in text
    assert "Rated as good." in text
    assert "Asked without the oldest turn." in text
    assert "مطر" not in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# A\n\n###### B", "### A\n\n###### B"),
        ("A\n===\n\nB\nb\n---", "### A\n\n#### B b"),
        ("```py\n# <b> ![x](u)", "```py\n# <b> ![x](u)\n```"),
        ("~~~~\n```", "~~~~\n```\n~~~~"),
        ("```\na\n```", "```\na\n```"),
        ("- a\n  ```\n  b", "- a\n  ```\n  b"),
        ("<details>\n\n# x", "\\<details>\n\n### x"),
        ("<!-- never closed", "\\<!-- never closed"),
        ("`<b>` <b> <https://a.test>", "`<b>` \\<b> <https://a.test>"),
        ("![x](u) \\![y](u)", "\\![x](u) \\![y](u)"),
        ("a ` b\n\n<b>` x", "a ` b\n\n\\<b>` x"),
        ("1 < 2 and\r\nmore", "1 \\< 2 and\nmore"),
        ("", ""),
    ],
)
def test_a_part_of_a_document_stays_a_part(text, written):
    assert contained(text) == written


@given(TEXTS)
def test_no_text_reaches_beyond_its_part(text):
    document = f"## Before\n\n{contained(text)}\n\n## After\n"

    assert outline(document) == [("h2", "Before"), ("h2", "After")]
    inside = [c.type for t in _reader.parse(document) for c in (t, *(t.children or []))]
    assert not {"html_block", "html_inline", "image"} & set(inside)


def test_what_cannot_be_contained_is_shown_as_code(monkeypatch):
    monkeypatch.setattr("clarifai_chat.markdown.contained._is_contained", lambda part: False)

    assert contained("# <b>") == "```markdown\n# <b>\n```"


@given(TEXTS)
def test_a_block_of_code_holds_its_text_whatever_fences_are_in_it(text):
    (block,) = _reader.parse(fenced(text))

    assert block.type == "fence"
    expected = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert block.content in (expected + "\n", expected)


# HTML


def test_html_shows_question_thoughts_calls_answer_and_figures():
    found = Elements(to_html([rich_chat()], secret="", contents=CONTENTS))
    text = found.text

    assert "What will the weather be in Paris?\n  Please use <tools>." in text
    assert "Thought for 3.2 s" in text
    assert "Called get_weather" in text
    assert '{"sky": "rain"}' in text
    assert "$a_1 * b_1 * c$" in text
    assert "412 tokens in, 280 out (90 of them thinking) · $0.00014" in text
    assert "Temperature 0.2 · Stop at 'END'" in text
    assert "Version 1 of 2 from here on; only this one is shown." in text
    assert len(found.of("details")) == 3
    assert len(found.of("table")) == 1
    assert {"href": "https://weather.test/map.png", "rel": "noopener noreferrer nofollow"} in (
        found.of("a")
    )
    (picture,) = found.of("img")
    assert base64.b64decode(picture["src"].partition(",")[2]) == PNG
    assert not found.open


def test_a_page_says_what_the_conversation_took_and_which_tools_went_with_it():
    chat = chat_with("Hello")
    chat["settings"]["tools"] = chat_tools.built_in(["calculator"])

    text = Elements(to_html([chat], secret="")).text

    assert "This conversation so far: 412 tokens in, 280 out · $0.00014, for 1 answer." in text
    assert "Tools offered: calculate" in text


def test_a_page_leads_back_to_the_app_with_what_a_link_may_carry():
    chat = {**chat_with("Hello"), "model": DEFAULT_URL, "settings": {"system": "Be brief."}}
    app = "https://chat.test/base/"

    first, *_ = Elements(to_html([chat], secret="", app=app)).of("a")

    address = urlsplit(first["href"])
    assert address.path == "/base/"
    assert parse_qs(address.query) == {"model": [DEFAULT_URL], "system": ["Be brief."], "q": ["Hi"]}
    assert first["rel"] == "noopener noreferrer"
    for not_carried in (CANARY, "long " * 2000):
        chat["settings"] = {"system": not_carried}
        first, *_ = Elements(to_html([chat], secret="", app=app)).of("a")
        assert first["href"] == app
    assert not Elements(to_html([chat], secret="", app="javascript:x")).of("a")


def test_a_page_of_many_chats_lists_them():
    found = Elements(to_html([rich_chat(), chat_with("x")], secret=""))

    assert [a["href"] for a in found.of("a")][:2] == ["#chat-0", "#chat-1"]
    assert [a["id"] for a in found.of("article")] == ["chat-0", "chat-1"]


def test_a_page_of_no_chats_is_a_page():
    assert "0 conversations" in Elements(to_html([], secret="")).text
    assert to_markdown([], secret="") == "\n"


def test_the_policy_of_a_page_allows_nothing_but_its_own_style_and_pictures():
    metas = Elements(page()).of("meta")

    (policy,) = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "url(" not in page()
    assert "@import" not in page()


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//a.test/x",
        "/x",
        "#x",
        "blob:x",
        "https:x",
    ],
)
def test_a_link_leads_to_the_web_or_to_a_mailbox_only(target):
    for text in (
        f"[x]({target})",
        f"[x](<{target}>)",
        f"<{target}>",
        f"![x]({target})",
        f"[x][1]\n\n[1]: {target}",
    ):
        assert not Elements(shown(text)).of("a")


@pytest.mark.parametrize("target", ["https://a.test/x", "http://a.test", "mailto:a@a.test"])
def test_a_link_sends_no_referrer(target):
    (link,) = Elements(shown(f"[x]({target})")).of("a")

    assert link == {"href": target, "rel": "noopener noreferrer nofollow"}


def test_a_picture_in_a_link_makes_one_link():
    (link,) = Elements(shown("[![x](https://a.test/i.png)](https://b.test)")).of("a")

    assert link["href"] == "https://b.test"


@pytest.mark.parametrize(
    "text", ["$a_1 * b_1 * c$", "\\(a_1 * b_1 * c\\)", "\\[a_1 * b_1 * c\\]", "$$a_1 * b_1 * c$$",
             "$$\na_1 * b_1 * c\n$$", "\\[\na_1 * b_1 *\nc\n\\]"]
)  # fmt: skip
def test_mathematics_is_left_as_text(text):
    found = Elements(shown(f"So\n\n{text}\n\nis"))

    assert text in found.text
    assert not found.of("em")


def test_mathematics_in_the_words_of_a_link_is_left_as_text():
    found = Elements(shown("[so $a_1 * b_1 * c$](https://a.test)"))

    assert "so $a_1 * b_1 * c$" in found.text
    assert found.of("a")


def test_prices_leave_emphasis_alone():
    assert "<strong>not</strong>" in shown("It costs $5 and **not** $10.")


TAGS = """html head meta link title style body main article section nav h1 h2 h3 h4 h5 h6 p div
    span details summary pre code a em strong s ul ol li blockquote hr br table thead tbody tr th td
    figure figcaption img sup"""
NAMES = {
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "dir", "id", "src",
    "alt", "start", "style", "data-language", "aria-label", "scope",
    "tabindex",
}  # fmt: skip


@pytest.mark.slow
@slow
@given(any_chats())
def test_no_chat_makes_a_page_with_anything_that_runs_or_is_fetched(chats):
    found = Elements(to_html(chats, secret=""))

    assert not found.open
    assert {tag for tag, _ in found.found} <= set(TAGS.split())
    assert {name for _, attributes in found.found for name in attributes} <= NAMES
    for link in found.of("a"):
        assert re.match(r"https?://|mailto:|#chat-", link["href"])
    for style in (a["style"] for _, a in found.found if "style" in a):
        assert re.fullmatch(r"text-align:(left|center|right)", style)


@pytest.mark.slow
@slow
@given(any_chats(), st.data())
def test_no_data_is_too_odd_for_an_export(chats, data):
    odd = [each for each in data.draw(odd_data(chats)) if isinstance(each, dict)]

    json.loads(to_json(odd, secret="x" * 32))
    to_markdown(odd, secret="x" * 32)
    Elements(to_html(odd, secret="x" * 32))
    file_name(chats, "md")


# The access token

HALVES = CANARY[:16], CANARY[16:]


@pytest.mark.parametrize(
    "said",
    [
        CANARY,
        CANARY.upper(),
        f"a{CANARY}b",
        f"```\n{CANARY}\n```",
        f"`{CANARY}`",
        f"[x](https://a.test/{CANARY})",
        f"![x](https://a.test/?{CANARY})",
        f"```{CANARY}\nx\n```",
        "\\".join(("", *HALVES)),
        f"{HALVES[0]}&#{ord(HALVES[1][0])};{HALVES[1][1:]}",
        "**".join(HALVES) + "**",
        f"<https://a.test/{CANARY}>",
        f"https://a.test/{CANARY}",
        f"${CANARY}$",
        *(base64.b64encode(b"key: "[:n] + CANARY.encode() + b" end").decode() for n in range(5)),
    ],
    ids=lambda said: f"{len(said)} signs",
)
def test_the_access_token_is_in_no_export(said):
    chat = rich_chat()
    first = chat["turns"][0]
    first["replies"][0]["reasoning_content"] = said
    first["replies"][0]["tool_calls"][0]["function"]["arguments"] = said
    first["replies"][1]["content"] = first["replies"][2]["content"] = said
    first["prompt"] = chat["title"] = chat["settings"]["system"] = said
    first["model"]["name"] = first["attachments"][0]["name"] = said
    contents = {**CONTENTS, "b" * 32: f"x {CANARY}".encode()}

    text = to_json([chat], secret=CANARY, contents=contents)

    decoded = base64.b64decode(json.loads(text)["contents"]["b" * 32])
    assert decoded == f"x {MARK}".encode()
    assert json.loads(text)["chats"][0]["turns"][0]["attachments"][1]["size"] == len(decoded)
    for export in (text, to_markdown([chat], secret=CANARY)):
        assert_no_canary("an export", export)
    page = to_html([chat], secret=CANARY, contents=contents)
    assert_no_canary("a page", page)
    assert_no_canary("what a page shows", Elements(page).text)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_no_encoding_hides_the_token(before, after):
    text = base64.b64encode(before + CANARY.encode() + after).decode()

    hidden = redact(text, CANARY)

    assert MARK in hidden
    assert not leaks_in(hidden)


def test_a_word_that_is_not_a_token_is_not_removed():
    assert "demo" in to_markdown([chat_with("a demo")], secret="demo")
    assert "Hello" in to_markdown([chat_with("Hello")], secret="")


# Names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Weather in Paris?", "weather-in-paris.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("Où est-ce ?", "où-est-ce.md"),
        ("", "untitled-conversation.md"),
        ("!!", "conversations.md"),
    ],
)
def test_a_file_is_named_after_its_conversation(title, name):
    assert file_name([{**new_chat(), "title": title}], "md") == name


def test_the_name_of_a_file_does_not_have_the_token_of_a_title():
    chat = {**new_chat(), "title": f"It is {CANARY}"}

    assert file_name([chat], "md", secret=CANARY) == "it-is-access-token.md"


def test_a_file_of_many_conversations_has_a_name_too():
    assert file_name([new_chat(), new_chat()], "json") == "conversations.json"


# In a browser


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_opened_from_a_file_makes_no_requests(chromium, tmp_path, scheme):
    path = tmp_path / "chat.html"
    path.write_text(to_html([rich_chat()], secret="", contents=CONTENTS), encoding="utf-8")
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
    opened = context.new_page()
    requests, complaints = [], []
    opened.on("request", lambda request: requests.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))

    opened.goto(path.as_uri())

    assert opened.get_by_text("Take an umbrella.").is_visible()
    assert not opened.get_by_text("I shall call a tool.").is_visible()
    opened.get_by_text("Thought for 3.2 s").click()
    assert opened.get_by_text("I shall call a tool.").is_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.evaluate("document.images[0].naturalWidth") > 0
    assert requests == [path.as_uri()]
    assert complaints == []
    context.close()
