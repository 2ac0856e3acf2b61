"""What the Demo model says: scripted answers and tool calls, chosen by the words of the request.

`reply_to` is a pure function of the request's body, so the same conversation always gets the same
reply. It is not a language model, and its answers say so.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]

LABEL = "Demo: scripted, not an LLM"

# Short label → the whole prompt, for an empty chat. Each one meets an answer worth seeing.
STARTERS: tuple[tuple[str, str], ...] = (
    ("Think before answering", "Which is larger, 9.11 or 9.9? Think it through first."),
    ("Write some code", "Write a Python function that asks a model on Clarifai a question."),
    ("Compare models", "Compare three models on Clarifai in a table, with their prices."),
    ("Show me around", "What can this app do?"),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted reply. `calls` are pairs of a tool's name and its arguments as JSON text."""

    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    finish: str = "stop"


def reply_to(body: Json) -> Reply:
    """The reply to a chat request: tool calls, or a sentence about their results, or an answer."""
    messages = messages_of(body)
    if messages and messages[-1].get("role") == "tool":
        return Reply(_about_results(messages))
    prompt = last_prompt(body)
    if calls := _choose_calls(prompt, body):
        return Reply(calls=calls, finish="tool_calls")
    for pattern, reply in _TOPICS:
        if re.search(pattern, prompt, re.IGNORECASE):
            return reply
    if re.search(r"\bwhat did I (just )?(ask|say)|\bmy (last|previous) question", prompt, re.I):
        return Reply(_previous_question(messages))
    for pattern, reply in _BROAD_TOPICS:
        if re.search(pattern, prompt, re.IGNORECASE):
            return reply
    return Reply(_greeting(prompt))


def messages_of(body: Json) -> list[Json]:
    """The request's messages, without anything that is not one."""
    messages = body.get("messages")
    return [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []


def last_prompt(body: Json) -> str:
    """What the person asked last; empty when nobody asked anything."""
    prompts = [text_of(m) for m in messages_of(body) if m.get("role") == "user"]
    return prompts[-1].strip() if prompts else ""


def text_of(message: Json) -> str:
    """A message's text, whether its content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (p.get("text") for p in content if isinstance(p, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def tokens(text: str) -> list[str]:
    """`text` cut into word-size pieces that join up to exactly `text`."""
    return re.findall(r"\s*\S+|\s+\Z", text)


def estimate_tokens(text: str) -> int:
    """A plain estimate: every word and every punctuation mark is one token."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def prose(count: int) -> str:
    """Exactly `count` tokens of plain prose, in paragraphs. The same count gives the same text."""
    words: list[str] = []
    sentence = 0
    while len(words) < count:
        # The lists' lengths share no factor, so a sentence comes again after 504 only.
        line = f"{_WHO[sentence % 7]} {_DOES[sentence % 9]} {_WHERE[sentence % 8]}.".split()
        if sentence and sentence % 5 == 0:
            line[0] = "\n\n" + line[0]
        words += line
        sentence += 1
    text = " ".join(words[:count]).replace(" \n\n", "\n\n")
    return text if text.endswith(".") or not text else text + "."


# --- Answers ---------------------------------------------------------------------------------

_SCRIPTED = (
    "*I am the Demo model: a script, not an LLM. Add a Clarifai token to talk to a real one.*"
)

_ASK_ME = """\
- **Which is larger, 9.11 or 9.9?** I think first, then answer.
- **Write a Python function that asks a model on Clarifai.** Code.
- **Compare three models in a table.** Prices and context windows.
- **Draw a diagram** of how a question travels, or show some **math**.
- **Plan** a product demo, or **tell me a story**.
- **What is Clarifai?** and **What can this app do?**
- `/help` lists the failures I can act out, such as `/error 429` and `/cut`."""

_APP = f"""\
## What this app can do

This is a workbench for the language models on Clarifai:

- **Chat** with any of them. Answers arrive word by word, and you can stop one at any time.
- **Choose a model** with its price, context window and abilities in view.
- **See the thinking** of models that reason, apart from the answer.
- **Try tools** in the Tool playground: edit a tool, watch a model call it, answer the call.
- **Read the meter**: time to the first token, tokens and price stand under each reply.
- **Meet failures calmly**: every error says what happened and what to do next.

{_SCRIPTED}
"""

_CLARIFAI = f"""\
## Clarifai in one minute

**Clarifai** is an AI platform that serves language models from many makers behind one address.

1. **One door.** Its API speaks OpenAI's format, so common tools such as litellm can call it.
2. **Many models.** Open and commercial families, and models that read pictures as well as text.
3. **Ready to run.** A curated set of *featured* models runs on shared, serverless compute. For any
   other model you start a deployment of your own.
4. **One token.** A personal access token (PAT) from *Settings → Secrets* opens all of it, and
   usage is billed through Clarifai.

{_SCRIPTED}
"""

_CODE = f"""\
Here is a complete function. It asks one question and returns the answer:

```python
import os

from litellm import completion


def ask(question: str) -> str:
    \"\"\"Ask a model on Clarifai, and return its answer.\"\"\"
    response = completion(
        model="openai/https://clarifai.com/openai/chat-completion/models/gpt-oss-120b",
        api_base="https://api.clarifai.com/v2/ext/openai/v1",
        api_key=os.environ["CLARIFAI_PAT"],
        messages=[{{"role": "user", "content": question}}],
    )
    return response.choices[0].message.content


print(ask("Tell me a joke about physics."))
```

- The prefix `openai/` tells litellm which format to speak; the rest is the model's own address.
- The token comes from the environment variable `CLARIFAI_PAT`, never from the code.

{_SCRIPTED}
"""

_TABLE = f"""\
## Three models, side by side

| Model | Context window | Input, per 1M tokens | Output, per 1M tokens | Sees pictures |
| --- | ---: | ---: | ---: | :---: |
| gpt-oss-120b-high-throughput | 131,072 | $0.09 | $0.36 | no |
| Qwen3-30B-A3B-Instruct-2507 | 262,144 | $0.30 | $0.50 | no |
| Kimi-K2_6 | 262,144 | $0.95 | $4.00 | yes |

What does a question cost? With 1,000 tokens in and 500 tokens out, the first model charges

$$\\frac{{1000 \\times 0.09 + 500 \\times 0.36}}{{10^6}} = 0.00027$$

dollars. That is about 3,700 questions for $1.

Source: community table, 2026-07. Clarifai's own page has today's prices.

{_SCRIPTED}
"""

_MATH = f"""\
## The quadratic formula

Every equation $ax^2 + bx + c = 0$ with $a \\neq 0$ is solved by

$$x = \\frac{{-b \\pm \\sqrt{{b^2 - 4ac}}}}{{2a}}$$

**Try it** on $x^2 - 5x + 6 = 0$, where $a = 1$, $b = -5$ and $c = 6$:

1. Under the root: $(-5)^2 - 4 \\cdot 1 \\cdot 6 = 1$
2. So $x = \\frac{{5 \\pm 1}}{{2}}$, which gives $x = 2$ and $x = 3$

A pencil to check it costs $5 at most, and that sign is a price, not a formula.

{_SCRIPTED}
"""

_DIAGRAM = f"""\
## How a question travels

```mermaid
sequenceDiagram
    participant You
    participant App as This app
    participant Litellm as litellm
    participant Clarifai
    participant Model
    You->>App: your question
    App->>Litellm: conversation + token
    Litellm->>Clarifai: one HTTPS request
    Clarifai->>Model: prompt
    Model-->>Clarifai: token by token
    Clarifai-->>Litellm: stream
    Litellm-->>App: stream
    App-->>You: words, as they arrive
```

Nothing waits for the whole answer: each word is passed on as soon as the model has written it.

{_SCRIPTED}
"""

_PLAN = f"""\
## A product demo in ten minutes

1. **Open with the question** (1 minute)
   - Say what your audience will be able to do afterwards.
2. **Show one thing that works** (4 minutes)
   - Ask a real question, and let the answer stream.
   - Compare it with a second model.
3. **Show one thing that fails** (2 minutes)
   - A good product is calm when the network is not.
4. **Show the price** (1 minute)
5. **Hand over** (2 minutes)

**Before you start**

- [x] Pick a model
- [ ] Rehearse once, out loud
- [ ] Keep a glass of water near

> A demo is a promise. Promise one thing, and keep it.

{_SCRIPTED}
"""

_THINKING = """\
Two decimals, 9.11 and 9.9. At first sight 9.11 looks larger, because 11 is more than 9. But \
digits after the point are tenths and hundredths, not whole numbers. Give both the same length: \
9.11 stays 9.11, and 9.9 becomes 9.90. The whole parts are equal, so compare 11 hundredths with \
90 hundredths. Ninety is more. Check by subtracting: 9.90 minus 9.11 is 0.79, which is positive."""

_LARGER = f"""\
**9.9 is larger.**

Write both with two digits after the point: 9.11 and 9.90. Ninety hundredths are more than eleven
hundredths, and the difference is 9.90 - 9.11 = **0.79**.

The trap: as *version numbers*, 9.11 does come after 9.9.

{_SCRIPTED}
"""

_STORY = f"""\
## The Lighthouse That Answered

On the last rock before the open sea stood a lighthouse, and in the lighthouse lived a woman named
Mara, who had been told on her first day that the work was simple. Light the lamp at dusk. Put it
out at dawn. Write one line in the book. She had done so for eleven years, and the book held four
thousand lines, nearly all of which said *calm*.

One evening in autumn a ship came close under the cliff and began to signal with a small yellow
lamp. Mara knew the code. *Which way to harbour?* asked the ship. She had no code for an answer,
because a lighthouse has only one thing to say, and it says it in all directions. So she sent a boy
along the causeway with a lantern, and he walked the shore until the ship had followed him home.

The captain came to thank her. "You should have an answer ready," he said. "We all carry the same
question." Mara thought about this during the winter, when the storms made the nights long. She
wrote down every question that a ship might ask, and beside each of them the answer that she would
give. How deep is the channel? Four fathoms at low water. Is the pilot awake? No, but his wife is.
Where can a tired crew sleep? At the Heron, and the soup is good.

In spring she cut shutters for the great lamp, so that it could blink. Now when a ship asked, the
lighthouse replied. The first captain to be answered nearly ran aground from surprise. The second
one told the story in every port between the cape and the river, and by summer ships went out of
their way to pass the rock, only to ask it something.

Not all of the questions were in the book. A fisherman asked whether his daughter would write to
him. A young mate asked if it was normal to be afraid of the dark. A merchant, after a long
silence, asked what all the money had been for. Mara read these by the light of the lamp and did
not know what to do. She could have sent them something that sounded wise. Words are cheap, and the
lamp was bright.

Instead she added one more line to the book, and it became the answer she was known for. *I do not
know that one*, said the lighthouse. *But I am here, and the channel is clear.*

It was strange how well this served. The fisherman wrote to his daughter himself. The mate learned
that every sailor on board had asked the same thing once. The merchant dropped anchor for a week,
mended the causeway with his own hands, and sailed away with an empty hold, whistling.

Years passed, and Mara grew old. When the harbour board sent a young man to take her place, he
climbed the stairs two at a time and asked for the rules. She gave him the book. He turned the
pages from the back, and then from the front, and frowned. "These are only the things that people
ask," he said, "and the things that you happened to know."

"Yes," said Mara. "That is all that is in any book. The work is to say which is which."

He lit the lamp at dusk. Far out, on a sea that had gone the colour of slate, a small yellow light
woke up and began to blink. The young man reached for the shutter, found the page, and answered.
Then he took the pen, as she had taught him, and under four thousand lines of *calm* he wrote a new
one.

*Asked. Answered. Ship passed safely.*

{_SCRIPTED}
"""


def _greeting(prompt: str) -> str:
    words = " ".join(prompt.split()[:8])
    heard = "Hello!"
    if not re.fullmatch(r"(hi|hello|hey|good \w+)?[\s!.,]*", prompt, re.IGNORECASE):
        quoted = re.sub(r"[`*_<>\[\]$|#]", "", words).strip(" .,:;!?") or "something"
        more = "…" if len(prompt.split()) > 8 else ""
        heard = f"You wrote “{quoted}{more}”, and I have no line for it."
    return (
        f"{heard} I am the **Demo model**: a script inside this app, not an LLM. I am here so that "
        f"you can see how everything works before you have a Clarifai token.\n\n"
        f"Ask me one of these:\n\n{_ASK_ME}\n"
    )


def _previous_question(messages: Sequence[Json]) -> str:
    prompts = [text_of(message).strip() for message in messages if message.get("role") == "user"]
    if len(prompts) < 2:
        return f"Nothing yet: this is your first question.\n\n{_SCRIPTED}\n"
    quoted = "\n".join(f"> {line}" for line in prompts[-2].splitlines())
    return f"Just before this, you asked:\n\n{quoted}\n\n{_SCRIPTED}\n"


_TOPICS: tuple[tuple[str, Reply], ...] = (
    (r"\b9\.11\b|\b9\.9\b|\briddle|\bpuzzle|\bthink\b", Reply(_LARGER, thinking=_THINKING)),
    (r"\bwhat can (this|the|your) app\b|\bwhat does this app\b", Reply(_APP)),
    (r"\bwhat(['\u2019]?s| is| are) clarifai\b|\bwho is clarifai\b", Reply(_CLARIFAI)),
)
_BROAD_TOPICS: tuple[tuple[str, Reply], ...] = (
    (r"\bstory\b|\blong\b|\bessay\b", Reply(_STORY)),
    (r"\bdiagrams?\b|\bmermaid\b|\bflow ?chart|\bsequence\b|\bdraw\b", Reply(_DIAGRAM)),
    (r"\btables?\b|\bcompar|\bpric(e|es|ing)\b|\bcosts?\b|\bcheap", Reply(_TABLE)),
    (r"\bmaths?\b|\bquadratic|\bformulas?\b|\bequations?\b|\blatex\b", Reply(_MATH)),
    (r"\bcod(e|ing)\b|\bpython\b|\bfunction\b|\bsnippet|\bprogram\b|\blitellm\b", Reply(_CODE)),
    (r"\bplan\b|\blists?\b|\bsteps\b|\bchecklist|\bagenda\b|\bto-?do\b", Reply(_PLAN)),
    (r"\bthis app\b|\bwhat can (you|i)\b|\bfeatures\b|\bhow does this work\b", Reply(_APP)),
    (r"\bclarifai\b", Reply(_CLARIFAI)),
)

_WHO = (
    "The harbour", "A quiet street", "The night train", "An old map", "The first snow",
    "Every window", "The long river",
)  # fmt: skip
_DOES = (
    "waits for the morning", "keeps a careful record", "turns slowly toward the light",
    "remembers more than it says", "carries news from the hills", "holds the warmth of the day",
    "begins again without hurry", "answers to a different name", "grows brighter than expected",
)  # fmt: skip
_WHERE = (
    "beyond the last houses", "while the town is asleep", "under a pale and even sky",
    "where two roads meet", "until the bells have stopped", "between the market and the sea",
    "as it has for many years", "with nobody there to see it",
)  # fmt: skip


# --- Tools -----------------------------------------------------------------------------------


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NAME_WORTH, _ENUM_WORTH, _WORD_WORTH, _ENOUGH = 3, 2, 1, 2

# Words that stand for the same wish, so "Will it rain?" finds `get_weather`.
_SAME = {
    "weather": "rain sun sunny snow wind windy cloudy forecast temperature cold warm hot umbrella",
    "time": "clock oclock hour timezone date today",
    "calculate": "calculator calc math arithmetic sum plus minus multiply divide expression",
    "search": "find look lookup google browse query",
    "convert": "exchange conversion currency dollar euro",
}
_MEANING = {word: meaning for meaning, words in _SAME.items() for word in words.split()}
_EMPTY_WORDS = _listed("""
    a an and any are as at be by can do does for from get give given has have how i in into is
    it its me my of on or please return returns set string tell that the this to use used what
    when where which who will with you your current value text name some all about show write
""")
_ZONES = {
    "amsterdam": "Europe/Amsterdam", "beijing": "Asia/Shanghai", "berlin": "Europe/Berlin",
    "cairo": "Africa/Cairo", "chicago": "America/Chicago", "delhi": "Asia/Kolkata",
    "dublin": "Europe/Dublin", "lisbon": "Europe/Lisbon", "london": "Europe/London",
    "los angeles": "America/Los_Angeles", "madrid": "Europe/Madrid", "mumbai": "Asia/Kolkata",
    "new york": "America/New_York", "paris": "Europe/Paris", "rome": "Europe/Rome",
    "san francisco": "America/Los_Angeles", "sao paulo": "America/Sao_Paulo",
    "shanghai": "Asia/Shanghai", "singapore": "Asia/Singapore", "sydney": "Australia/Sydney",
    "tallinn": "Europe/Tallinn", "tokyo": "Asia/Tokyo", "toronto": "America/Toronto",
    "vienna": "Europe/Vienna", "washington": "America/New_York", "zurich": "Europe/Zurich",
}  # fmt: skip
_NOT_PLACES = _listed("""
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday celsius fahrenheit i utc gmt
""")
_PLACE_WORDS = _listed("""
    address city country destination location origin place region state town where
""")
_WORD = r"[A-ZÀ-Þ][\w'\u2019-]*"
_PLACE = rf"{_WORD}(?: {_WORD})*"
_DEFAULT_PLACE = "Paris"


def _choose_calls(prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """The calls to make for `prompt` among the tools offered; none means to answer in words."""
    offered = [
        t["function"] for t in body.get("tools") or [] if isinstance(t, dict) and "function" in t
    ]
    tools: list[Json] = [tool for tool in offered if isinstance(tool, dict) and tool.get("name")]
    choice = body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return ()
    if isinstance(choice, dict):
        named = choice.get("function", {}).get("name")
        return _calls(next((t for t in tools if t["name"] == named), tools[0]), prompt, body)
    clauses = re.split(r"\band\b|;", prompt)
    found = [(clause, tool) for clause in clauses if (tool := _best(clause, tools, _ENOUGH))]
    if len({tool["name"] for _, tool in found}) > 1 and body.get("parallel_tool_calls", True):
        return tuple((tool["name"], _arguments(tool, clause, prompt)) for clause, tool in found)
    best = _best(prompt, tools, 0 if choice == "required" else _ENOUGH)
    return _calls(best, prompt, body) if best else ()


def _calls(tool: Json, prompt: str, body: Json) -> tuple[tuple[str, str], ...]:
    """One call; or one for each place in "Paris and Tokyo", if the tool takes one place."""
    properties = _schema(tool).get("properties") or {}
    for_a_place = any(_is_one_place(name, schema) for name, schema in properties.items())
    places = _places(prompt) if for_a_place else []
    if len(places) > 1 and body.get("parallel_tool_calls", True):
        # Each call reads the question with its own place alone, so it cannot take the other's.
        return tuple((tool["name"], _arguments(tool, f"{prompt} in {p}", "", p)) for p in places)
    return ((tool["name"], _arguments(tool, prompt, "", places[0] if places else "")),)


def _schema(tool: Json) -> Json:
    schema = tool.get("parameters")
    return schema if isinstance(schema, dict) else {}


def _is_one_place(name: str, schema: object) -> bool:
    is_text = isinstance(schema, dict) and schema.get("type", "string") == "string"
    return is_text and bool(_PLACE_WORDS & set(_words(name)))


def _words(text: str) -> list[str]:
    """The words of a name or a sentence: `getWeather_now` is get, weather, now."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")
    return re.findall(r"[^\W_]+", spaced.lower())


def _meanings(text: str) -> set[str]:
    stems = (re.sub(r"(?<=\w{3})(ing|ed|s)$", "", word) for word in _words(text))
    return {_MEANING.get(stem, stem) for stem in stems if stem not in _EMPTY_WORDS}


def _best(prompt: str, tools: Sequence[Json], enough: int) -> Json | None:
    worth = {tool["name"]: _worth(tool, prompt) for tool in tools}
    best = max(tools, key=lambda tool: worth[tool["name"]])
    return best if worth[best["name"]] >= enough else None


def _worth(tool: Json, prompt: str) -> int:
    asked, name = _meanings(prompt), _meanings(str(tool["name"]))
    if _expression(prompt):
        asked.add("calculate")
    properties = _schema(tool).get("properties") or {}
    told = " ".join((str(tool.get("description", "")), *properties))
    enums = {
        str(v).lower()
        for s in properties.values()
        if isinstance(s, dict)
        for v in s.get("enum", ())
    }
    return (
        _NAME_WORTH * len(asked & name)
        + _WORD_WORTH * len(asked & (_meanings(told) - name))
        + _ENUM_WORTH * len(enums & set(_words(prompt)))
    )


def _arguments(tool: Json, prompt: str, whole: str, place: str = "") -> str:
    reader = _Reader(prompt, whole or prompt, place)
    return json.dumps(reader.fill(_schema(tool)), ensure_ascii=False)


class _Reader:
    """Takes values for a tool's parameters out of a question; each number is taken once."""

    def __init__(self, prompt: str, whole: str, place: str) -> None:
        places = _places(prompt) or _places(whole)
        self.prompt = prompt
        self.places = [place] if place else places
        self._place = iter(self.places)
        plain = re.sub(r"\d{4}-\d\d-\d\d", " ", prompt)
        self._number = iter(re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", plain))
        self._currency = iter(re.findall(r"\b[A-Z]{3}\b", prompt))

    def fill(self, schema: Json) -> Json:
        """An object with every required value, and each optional one that the question names."""
        properties = schema.get("properties")
        required = schema.get("required") or ()
        filled = {}
        for name, part in properties.items() if isinstance(properties, dict) else ():
            value = self.value(name, part if isinstance(part, dict) else {}, name in required)
            if value is not None:
                filled[name] = value
        return filled

    def value(self, name: str, schema: Json, required: bool) -> Any:
        """A value for one parameter; None is "not said", and only for an optional one."""
        for several in ("anyOf", "oneOf"):
            if schema.get(several):
                options = [s for s in schema[several] if s.get("type") != "null"]
                return self.value(name, options[0] if options else {}, required)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "string")
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            said = self._mentioned(schema["enum"])
            value = said if said is not None else schema.get("default")
            return schema["enum"][0] if value is None and required else value
        read = {
            "object": self._object,
            "array": self._array,
            "boolean": self._boolean,
            "integer": self._numeric,
            "number": self._numeric,
        }.get(kind, self._text)
        value = read(name, schema, required)
        return schema.get("default") if value is None else value

    def _mentioned(self, values: Sequence[Any]) -> Any:
        words = set(_words(self.prompt))
        return next((v for v in values if set(_words(str(v))) <= words and _words(str(v))), None)

    def _object(self, name: str, schema: Json, required: bool) -> Json | None:
        return self.fill(schema) if required else None

    def _array(self, name: str, schema: Json, required: bool) -> list[Any] | None:
        item = schema.get("items") if isinstance(schema.get("items"), dict) else {}
        item = item or {}
        if item.get("type") in ("number", "integer"):
            numbers = [_as_number(text, item["type"]) for text in self._number]
            return numbers or ([0] if required else None)
        if item.get("enum"):
            said = [v for v in item["enum"] if self._mentioned([v]) is not None]
            return said or ([item["enum"][0]] if required else None)
        if item.get("type", "string") == "string" and (said := _quoted(self.prompt) or self.places):
            return said
        return [self.value(name, item, True)] if required else None

    def _boolean(self, name: str, schema: Json, required: bool) -> bool | None:
        words = (
            "|".join(re.escape(word) for word in _words(name) if word not in _EMPTY_WORDS) or name
        )
        if re.search(rf"\b(no|not|without|don['\u2019]?t)\b[^.,;]*\b({words})", self.prompt, re.I):
            return False
        if re.search(rf"\b({words})", self.prompt, re.IGNORECASE):
            return True
        return False if required and "default" not in schema else None

    def _numeric(self, name: str, schema: Json, required: bool) -> float | None:
        text = next(self._number, None)
        if text is None:
            if not required or "default" in schema:
                return None
            text = str(schema.get("minimum", 1))
        number = _as_number(text, schema.get("type"))
        low, high = schema.get("minimum", number), schema.get("maximum", number)
        return low if number < low else high if number > high else number

    def _text(self, name: str, schema: Json, required: bool) -> str | None:
        words = set(_words(name))
        value = self._special(words, schema)
        if value is None and (required and "default" not in schema):
            subject = re.search(r"\b(?:for|about|named|called)\s+(.+)", self.prompt)
            quoted = _quoted(self.prompt)
            value = quoted[0] if quoted else (subject[1] if subject else self.prompt).strip(" ?.!")
            value = (value or "something")[: schema.get("maxLength", 500)]
        return value

    def _special(self, words: set[str], schema: Json) -> str | None:
        """What the parameter's name asks for, if the question has such a thing."""
        if words & {"timezone", "zone", "tz"}:
            zone = re.search(r"\b[A-Z]\w+/[A-Z]\w+\b|\bUTC\b|\bGMT\b", self.prompt)
            known = next((_ZONES[p.lower()] for p in self.places if p.lower() in _ZONES), None)
            return zone[0] if zone else known or "UTC"
        if words & _PLACE_WORDS:
            return next(self._place, self.places[0] if self.places else _DEFAULT_PLACE)
        if words & {"expression", "formula", "equation", "calculation", "math"}:
            return _expression(self.prompt) or None
        if words & {"currency", "currencies"}:
            return next(self._currency, "USD")
        if words & {"date", "day"} or schema.get("format") == "date":
            return _day(self.prompt, as_date=schema.get("format") == "date")
        for kind, pattern in (
            ("email", r"[\w.+-]+@[\w-]+\.[\w.]*\w"),
            ("url", r"https?://[^\s<>\"']+"),
            ("id", r"\b[A-Za-z]*-?\d[\w-]*"),
        ):
            if kind in words or schema.get("format") == kind:
                found = re.search(pattern, self.prompt)
                return found[0] if found else None
        return None


def _as_number(text: str, kind: Any) -> float:
    return int(float(text)) if kind == "integer" or "." not in text else float(text)


def _quoted(text: str) -> list[str]:
    return re.findall(r"[\"“”]([^\"“”]+)[\"“”]", text)


def _places(text: str) -> list[str]:
    """The places in `text`, in order: "in Paris and Tokyo" is two, "in Tokyo, Japan" is one."""
    listed = re.search(
        rf"\b(?:in|for|at|near|of|between|from|to) ({_PLACE}(?:,? (?:and )?{_PLACE})*)", text
    )
    if listed:
        parts = re.split(r",? and |, ", listed[1]) if " and " in listed[1] else [listed[1]]
        places = [part for part in parts if part.lower() not in _NOT_PLACES]
        if places:
            return places
    lowered = text.lower()
    known = [city for city in _ZONES if re.search(rf"\b{city}\b", lowered)]
    return [city.title() for city in sorted(known, key=lowered.index)]


def _expression(text: str) -> str:
    """The arithmetic in `text` as an expression, empty if there is none: "3 plus 4" is "3 + 4"."""
    for words, sign in (
        (r"square root of (\d+(?:\.\d+)?)", r"\1 ** 0.5"),
        (r"(\d+(?:\.\d+)?) ?(?:%|percent) of (\d+)", r"\1 / 100 * \2"),
        (r"\b(?:[Aa]dd|sum of) (\d+(?:\.\d+)?) (?:and|to) (\d)", r"\1 + \2"),
        (r"\b[Mm]ultiply (\d+(?:\.\d+)?) (?:by|and) (\d)", r"\1 * \2"),
        (r"\bplus\b", "+"),
        (r"\bminus\b", "-"),
        (r"\btimes\b|\bmultiplied by\b|\u00d7|(?<=\d) ?x ?(?=\d)", "*"),
        (r"\bdivided by\b|\bover\b|\u00f7", "/"),
        (r"\bto the power of\b|\^", "**"),
        (r"\d{4}-\d\d-\d\d", ""),  # a date is no subtraction
        (r"(?<=\d),(?=\d{3}\b)", ""),
    ):
        text = re.sub(words, sign, text)
    for found in re.findall(r"[(\d][\d\s().+*/%-]*[\d)]", text):
        if re.search(r"\d\)*\s*[-+*/%]+\s*\(*-?\d", found) and found.count("(") == found.count(")"):
            return " ".join(found.split())
    return ""


def _day(text: str, *, as_date: bool) -> str:
    if given := re.search(r"\d{4}-\d\d-\d\d", text):
        return given[0]
    tomorrow = bool(re.search(r"\btomorrow\b", text, re.IGNORECASE))
    if as_date:
        return (date.today() + timedelta(days=tomorrow)).isoformat()
    return "tomorrow" if tomorrow else "today"


def _about_results(messages: Sequence[Json]) -> str:
    """A sentence for each tool result that the conversation ends with, in the tool's own words."""
    names = {
        call.get("id"): call.get("function", {}).get("name")
        for message in messages
        for call in message.get("tool_calls") or ()
    }
    results: list[Json] = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        results.insert(0, message)
    said = [_sentence(names.get(m.get("tool_call_id")) or "tool", text_of(m)) for m in results]
    answer = said[0] if len(said) == 1 else "\n".join(f"- {sentence}" for sentence in said)
    return f"{answer}\n\n*The result is the tool's own; only the words around it are scripted.*\n"


def _sentence(name: str, result: str) -> str:
    try:
        value = json.loads(result)
    except ValueError:
        value = result
    if isinstance(value, Mapping) and value.get("error"):
        return f"`{name}` could not do it: {_in_words(value['error'])}."
    told = _in_words(value).strip() or "nothing"
    return f"According to `{name}`: {told}{'' if told.endswith(('.', '!', '?')) else '.'}"


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return _joined([_named(str(key).replace("_", " "), part) for key, part in value.items()])
    if isinstance(value, list):
        return _joined([_in_words(item) for item in value])
    if value is None or isinstance(value, bool):
        return {None: "not known", True: "yes", False: "no"}[value]
    return str(value)


def _named(name: str, value: Any) -> str:
    told = _in_words(value)
    return f"{name} ({told})" if isinstance(value, Mapping) else f"{name} is {told}"


def _joined(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
