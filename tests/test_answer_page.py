"""What a person can do with an answer: copy it, rate it, ask another model."""

import json

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.context import ContextProxy

from clarifai_chat import catalog
from clarifai_chat.catalog import DEFAULT_URL, DEMO
from clarifai_chat.chat.turn import answer_text
from clarifai_chat.history import saving
from clarifai_chat.history.owner import COOKIE, new_id, owner_of
from clarifai_chat.history.store import open_store
from clarifai_chat.transfer import exports
from components.chat import clipboard
from components.chat.turn_footer import MAX_OTHERS
from tests.canary import CANARY
from tests.fake_clarifai import cut, says, status, think_tags
from tests.pages import Gate, answers, ask, questions, reply
from tests.patience import until
from tests.test_chat_page import KIMI, finished_turn

ANSWER = (
    "  **Paris**, _of course_.\n\n```python\nprint('à')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)


def rated(app, turn):
    """Return what the thumbs under an answer show."""
    return app.feedback(key=f"feedback:{turn['id']}").value


def rate(app, turn, thumb):
    app.feedback(key=f"feedback:{turn['id']}").set_value(thumb).run()
    return app


def menu(app, turn):
    return app.main.menu_button(key=f"turn:{turn['id']}")


def instead(app, turn):
    """Return the labels of the other models in a turn's menu."""
    return [label for label in menu(app, turn).options if label.endswith(" instead")]


# --- Copy ---------------------------------------------------------------------------------------


def copying(app):
    """Return what the browser is asked to copy."""
    return [json.loads(node.proto.json) for node in clipboards(app)]


def clipboards(app):
    return [each for each in app.get("bidi_component") if "clipboard" in each.proto.id]


def refuse(app):
    """Run the page as if the browser had refused to copy."""
    (sent,) = copying(app)
    states = app._tree.get_widget_states()
    widget = clipboards(app)[0].proto.id
    states.widgets.append(
        WidgetState(
            id=f"$$STREAMLIT_INTERNAL_KEY_{widget}__events",
            json_trigger_value=json.dumps([{"event": "failed", "value": sent["turn"]}]),
        )
    )
    return app._run(states)


def test_only_a_click_sends_the_text_of_the_answer_to_be_copied(open_app, fake):
    fake.next(think_tags("Which country?", ANSWER), says("Berlin."))
    app = ask(ask(open_app(pat=CANARY), "France?"), "Germany?")
    assert copying(app) == []

    app.click(f"copy:{app.turns[0]['id']}")

    (sent,) = copying(app)
    assert sent["text"] == answer_text(app.turns[0])
    assert sent["text"].strip() == ANSWER.strip()
    assert sent["near"] == f"st-key-copy-{app.turns[0]['id']}"


def test_a_copy_request_stays_the_same_in_later_runs_and_then_disappears(open_app, monkeypatch):
    app = open_app(turns=[finished_turn(1)])
    app.click(f"copy:{app.turns[0]['id']}")
    first = copying(app)[0]["id"]

    assert [each["id"] for each in copying(app.run())] == [first]  # the browser copies it once
    monkeypatch.setattr(clipboard, "STAYS_S", -1)
    assert copying(app.run()) == []
    app.switch_page("pages/models.py").run()
    assert copying(app.switch_page("app.py").run()) == []

    monkeypatch.setattr(clipboard, "STAYS_S", 60)
    app.click(f"copy:{app.turns[0]['id']}")
    assert copying(app)[0]["id"] != first


@pytest.mark.usefixtures("at_a_glance")
def test_an_answer_can_be_copied_and_rated_while_another_one_streams(open_app, fake):
    fake.next(says("Paris."), gate := Gate("Ber"))
    app = ask(ask(open_app(pat=CANARY), "France?"), "Germany?")
    until(lambda: app.turns[1]["replies"])
    assert not app.has(f"copy:{app.turns[1]['id']}")

    app.click(f"copy:{app.turns[0]['id']}")
    assert copying(app)[0]["text"] == "Paris."
    rate(app, app.turns[0], 1)

    assert app.turns[0]["feedback"] == "up"
    assert app.has("stop")
    gate.open()
    until(lambda: app.turns[1]["ended_at"])
    assert app.run().has(f"copy:{app.turns[1]['id']}")


def test_a_copy_request_is_sent_before_the_conversation(open_app):
    app = open_app(turns=[finished_turn(n) for n in range(3)])
    before = len(app.sent)

    app.click(f"copy:{app.turns[0]['id']}")

    ids = [
        message.delta.new_element.bidi_component.id
        for message in app.sent[before:]
        if message.HasField("delta") and message.delta.new_element.HasField("bidi_component")
    ]
    assert "clipboard" in ids[0]
    assert len([each for each in ids if each.startswith("answer:")]) == 6


def test_an_answer_that_the_browser_refuses_to_copy_is_shown_for_copying_by_hand(open_app):
    app = open_app(turns=[finished_turn(1), finished_turn(2)])
    app.click(f"copy:{app.turns[0]['id']}")

    refuse(app.run())  # one more run, as after a list of models has arrived

    assert [block.value for block in answers(app)[0].code] == ["Answer 1."]
    assert "does not let the page copy" in reply(app, 0)
    assert not answers(app)[1].code
    app.click(f"copy:{app.turns[1]['id']}")  # another try
    assert not answers(app)[0].code


def test_an_answer_without_text_cannot_be_copied_or_rated(open_app, fake):
    fake.next(status(401, 11008), cut("Half an ", "ans"))
    app = ask(ask(open_app(pat=CANARY), "Hi"), "Hi again")

    nothing, half = app.turns

    assert not app.has(f"copy:{nothing['id']}")
    assert not app.has(f"feedback:{nothing['id']}")
    assert app.has(f"copy:{half['id']}")
    assert app.has(f"feedback:{half['id']}")


# --- Thumbs -------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path, set_up, monkeypatch):
    """Return a function that loads a saved chat of the visitor, as another process would."""
    visitor = new_id()
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: {COOKIE: visitor}))
    address = f"sqlite:///{tmp_path / 'history.db'}"
    set_up(DATABASE_URL=address)
    saving.forget_store()
    store = open_store(address)
    yield lambda chat: store.load(owner_of(visitor), chat)
    store.close()
    saving.forget_store()


def test_a_thumb_is_saved_with_the_conversation_and_removed_by_a_second_click(open_app, fake, kept):
    fake.next(says("Paris."))
    app = ask(open_app(pat=CANARY), "France?")
    chat = app.session_state["session.chat"]["id"]
    assert rated(app, app.turns[0]) is None

    rate(app, app.turns[0], 0)

    assert kept(chat)["turns"][0]["feedback"] == "down"
    assert "Rated as bad." in exports.to_markdown([kept(chat)], secret="")
    (exported,) = json.loads(exports.to_json([kept(chat)], secret=""))["chats"]
    assert exported["turns"][0]["feedback"] == "down"

    rate(app, app.turns[0], None)

    assert "feedback" not in kept(chat)["turns"][0]


def test_a_thumb_survives_a_reload_and_another_page(open_app, fake, kept):
    fake.next(says("Paris."))
    app = ask(open_app(pat=CANARY), "France?")
    rate(app, app.turns[0], 1)

    app.switch_page("pages/models.py").run()
    app.switch_page("app.py").run()
    assert rated(app, app.turns[0]) == 1

    again = open_app(query={"chat": app.session_state["session.chat"]["id"]})
    assert rated(again, again.turns[0]) == 1
    rate(again, again.turns[0], None)
    assert "feedback" not in again.turns[0]
    assert rated(again.run(), again.turns[0]) is None


def test_each_answer_has_its_own_thumbs(open_app):
    app = open_app(turns=[finished_turn(1), finished_turn(2)])

    rate(app, app.turns[0], 1)
    rate(app, app.turns[1], 0)

    assert [turn["feedback"] for turn in app.turns] == ["up", "down"]
    assert [rated(app, turn) for turn in app.turns] == [1, 0]


# --- Another model ------------------------------------------------------------------------------


def test_a_turns_menu_asks_another_model_without_selecting_it(open_app, fake):
    fake.next(says("Paris."), says("Lyon?"), says("Berlin."))
    app = ask(open_app(pat=CANARY, recent=[KIMI]), "France?")
    first = app.turns[0]
    label = next(label for label in instead(app, first) if "Kimi" in label)

    menu(app, first).click(label).run()

    assert [chat.body["model"] for chat in fake.chats] == [DEFAULT_URL, KIMI]
    assert [m["content"] for m in fake.chats[1].body["messages"]] == ["France?"]
    assert questions(app) == ["France?"]
    assert "Lyon?" in reply(app)
    assert f"{catalog.describe(catalog.shipped(), KIMI).name} · first token" in reply(app)
    assert "2/2" in reply(app)
    app.click(f"older:{app.turns[0]['id']}")
    assert "GPT OSS 120B High Throughput · first token" in reply(app)

    ask(app, "Germany?")
    assert fake.chats[2].body["model"] == DEFAULT_URL
    assert app.session_state["session.chat"]["model"] == DEFAULT_URL


def test_the_menu_offers_a_few_other_models_favourites_first_and_the_demo(open_app):
    app = open_app(turns=[finished_turn(1)], favourites=[KIMI, DEFAULT_URL])

    offered = instead(app, app.turns[0])

    assert len(offered) == MAX_OTHERS
    assert "Kimi" in offered[0]
    assert offered[-1] == "Ask the Demo instead"
    assert not any("GPT OSS 120B High Throughput" in label for label in offered)  # it answered
    options = menu(app, app.turns[0]).options
    assert options[1:3] == ["Retry", offered[0]]


def test_the_demos_own_answers_offer_real_models(open_app):
    app = ask(open_app(), "Hello")

    offered = instead(app, app.turns[0])

    assert len(offered) == MAX_OTHERS
    assert "Ask the Demo instead" not in offered


def test_the_demo_can_be_asked_without_being_chosen(open_app, fake):
    fake.next(says("Paris."))
    app = ask(open_app(pat=CANARY, chosen=KIMI), "France?")

    menu(app, app.turns[0]).click("Ask the Demo instead").run()

    assert app.turns[0]["model"]["url"] == DEMO.url
    assert "Demo: scripted, not an LLM · first token" in reply(app)
    assert app.session_state["session.chosen"] == KIMI


def test_two_models_with_the_same_name_have_different_labels(open_app):
    alike = [f"https://clarifai.com/{who}/chat/models/my_model" for who in ("ada", "grace")]
    app = open_app(turns=[finished_turn(1)], favourites=alike)

    offered = instead(app, app.turns[0])[:2]

    assert len(set(offered)) == 2
    assert all("my\\_model" in label for label in offered)  # not in italics
