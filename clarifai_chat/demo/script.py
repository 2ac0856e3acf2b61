"""Script the Demo model's answers, chosen by the words of the request.

`reply_to` is a pure function of the request's body, so the same conversation always gets the same
reply. It is not a language model, and its answers say so.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from clarifai_chat.demo import files
from clarifai_chat.demo.results import about_results
from clarifai_chat.demo.shapes import Json, Reply, last_prompt, messages_of, text_of
from clarifai_chat.demo.tools import choose_calls

LABEL = "Demo: scripted, not an LLM"
BRIEF = "demo:brief"  # the name of the model that answers in one paragraph

# Short label → the whole prompt, for an empty chat. Each one gets an answer worth seeing.
STARTERS: tuple[tuple[str, str], ...] = (
    ("Think before answering", "Which is larger, 9.11 or 9.9? Think it through first."),
    ("Write some code", "Write a Python function that asks a model on Clarifai a question."),
    ("Compare prices", "Compare three models on Clarifai in a table, with their prices."),
    ("Show me around", "What can this app do?"),
)


def reply_to(body: Json) -> Reply:
    """Return the reply to a chat request: tool calls, sentences on results, or an answer."""
    reply = _reply_to(body)
    return _in_brief(reply) if body.get("model") == BRIEF else reply


def _in_brief(reply: Reply) -> Reply:
    """Return the first paragraph, with the list or table that it announces, and no thoughts."""
    blocks = [block for block in reply.text.split("\n\n") if block.strip()]
    said = [block for block in blocks if not block.lstrip().startswith("#")] or blocks
    kept = said[: 2 if said and said[0].rstrip().endswith(":") else 1]
    return replace(reply, text="\n\n".join(kept), thinking="")


def _reply_to(body: Json) -> Reply:
    messages = messages_of(body)
    if messages and messages[-1].get("role") == "tool":
        return Reply(about_results(messages))
    prompt = last_prompt(body)
    if calls := choose_calls(prompt, body):
        return Reply(calls=calls, finish="tool_calls")
    reply = _by_topic(prompt, messages)
    asked = [message for message in messages if message.get("role") == "user"]
    if asked and (named := files.named(asked[-1].get("content"))):
        return _with_files(named, reply)
    return reply or Reply(_greeting(prompt))


def _by_topic(prompt: str, messages: Sequence[Json]) -> Reply | None:
    """Return the scripted reply to the words of a question, or None."""
    for pattern, reply in _TOPICS:
        if re.search(pattern, prompt, re.IGNORECASE):
            return reply
    if re.search(r"\bwhat did I (just )?(ask|say)|\bmy (last|previous) question", prompt, re.I):
        return Reply(_previous_question(messages))
    for pattern, reply in _BROAD_TOPICS:
        if re.search(pattern, prompt, re.IGNORECASE):
            return reply
    return None


def _with_files(named: str, reply: Reply | None) -> Reply:
    about = (
        f"You attached {named}. All of it arrived here, and that is all I can say: I only see the"
        " names of files, and do not read them."
    )
    said = reply or Reply(f"{_SCRIPTED}\n")
    return replace(said, text=f"{about}\n\n{said.text}")


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
- **Read the meter**: time to the first token, tokens and price stand under each reply.
- **Try out tools**: edit a schema, run it, and see whether each call was valid.
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
repaired the causeway with his own hands, and sailed away with an empty hold, whistling.

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
    asked = [text_of(message) for message in messages if message.get("role") == "user"]
    prompts = [files.asked(text).strip() for text in asked]
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
