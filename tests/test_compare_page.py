"""Several models asked the same question at once, side by side."""

import threading

import pytest
from streamlit.runtime.context import ContextProxy

from clarifai_chat.catalog import BRIEF_DEMO, DEMO
from clarifai_chat.chat import replies
from clarifai_chat.history import keeper, saving
from clarifai_chat.history.owner import COOKIE, new_id
from clarifai_chat.history.store import open_store
from tests.canary import CANARY
from tests.conftest import MODEL
from tests.fake_clarifai import cut, says, status
from tests.pages import Gate, answers, page, questions, reply

OTHER = "https://clarifai.com/moonshotai/chat-completion/models/Kimi-K2_6"
TOKEN = "t0ken0of0some0length00123456789ab"  # not the canary, which no page may show
THIRD = "https://clarifai.com/openai/chat-completion/models/gpt-4o"


@pytest.fixture
def compare(open_app):
    """Open the page with these models chosen."""

    def compare(*models, pat=CANARY, **session):
        return open_app("pages/compare.py", pat=pat, to_compare=[*models], **session)

    return compare


def ask(app, text):
    app.chat_input(key="compare_prompt").set_value(text).run()
    return app


def asked_of(fake):
    """Which model was asked what, in the order of its name."""
    return sorted((c.body["model"], c.body["messages"][-1]["content"]) for c in fake.chats)


def by_model(**answers):
    """An answer that depends on the model's name."""

    def act(handler, body):
        name = body["model"].rpartition("/")[2].replace("-", "_").replace(".", "_")
        return answers[name](handler, body)

    return act


# --- Ask -----------------------------------------------------------------------------------------


def test_every_model_is_asked_and_each_answer_has_its_column_figures_and_price(compare, fake):
    one = by_model(gpt_4_1=says("From GPT."), Kimi_K2_6=says("From Kimi."))
    fake.next(one, one)
    app = compare(MODEL, OTHER)
    assert "The next question to all 2 costs about $" in page(app)

    ask(app, "Hi")

    assert asked_of(fake) == [(OTHER, "Hi"), (MODEL, "Hi")]
    assert "From GPT." in reply(app, 0)
    assert "From Kimi." in reply(app, 1)
    assert "tokens" in reply(app, 0)
    assert questions(app) == ["Hi", "Hi"]


def test_all_are_asked_at_once(compare, fake):
    together = threading.Barrier(3)

    def together_with_the_others(handler, body):
        together.wait(60)  # each answer waits until every model has been asked
        return says("Here.")(handler, body)

    fake.next(*[together_with_the_others] * 3)

    app = ask(compare(MODEL, OTHER, THIRD), "Hi")

    assert ["Here." in reply(app, at) for at in range(3)] == [True] * 3


def test_one_fails_and_the_others_go_on(compare, fake, quick_retries):
    one = by_model(gpt_4_1=status(401, 11009), Kimi_K2_6=cut("Half"), gpt_4o=says("Whole."))
    fake.next(one, one, one)

    app = ask(compare(MODEL, OTHER, THIRD), "Hi")

    assert "does not accept this access token" in reply(app, 0)
    assert "Half" in reply(app, 1)
    assert "Continue" in reply(app, 1)
    assert "Whole." in reply(app, 2)


def test_a_follow_up_goes_to_all_or_to_one(compare, fake):
    fake.next(*[says("Yes.")] * 5)
    app = ask(compare(MODEL, OTHER), "Hi")

    ask(app, "And more?")
    app.segmented_control(key="ask_whom").set_value("B").run()
    ask(app, "Only you")

    assert questions(app) == ["Hi", "And more?", "Hi", "And more?", "Only you"]
    assert fake.chats[-1].body["model"] == OTHER
    assert [m["content"] for m in fake.chats[-1].body["messages"] if m["role"] == "user"] == [
        "Hi",
        "And more?",
        "Only you",
    ]


def test_a_system_prompt_is_for_every_model(compare, fake):
    fake.next(says("Yes."), says("Yes."))

    ask(compare(MODEL, OTHER, compare_system="Be brief."), "Hi")

    assert [chat.body["messages"][0] for chat in fake.chats] == [
        {"role": "system", "content": "Be brief."}
    ] * 2


def test_a_column_is_stopped_and_its_text_stays(compare, fake, at_a_glance):
    stopped, other = Gate("Mine "), Gate("Theirs ")
    fake.next(
        by_model(gpt_4_1=stopped, Kimi_K2_6=other), by_model(gpt_4_1=stopped, Kimi_K2_6=other)
    )
    app = ask(compare(MODEL, OTHER), "Hi")

    first = app.session_state["session.compared"][0]["turns"][0]
    app.click(f"stop:A:{first['id']}")

    assert "Stopped" in reply(app.run(), 0)
    second = app.session_state["session.compared"][1]["turns"][0]
    assert replies.get(second) is not None
    other.open()
    replies.get(second).done.wait(60)
    assert "Theirs answer." in reply(app.run(), 1)


def test_asking_again_asks_the_columns_own_model(compare, fake, quick_retries):
    fake.next(*[by_model(gpt_4_1=says("Fine."), Kimi_K2_6=status(500, 10020))] * 10)
    app = ask(compare(MODEL, OTHER), "Hi")
    turn = app.session_state["session.compared"][1]["turns"][0]
    fake.clear()
    fake.next(says("Now."))

    app.click(f"retry:{turn['id']}")

    assert fake.chats[-1].body["model"] == OTHER
    assert "Now." in reply(app, 1)


# --- Without a token -----------------------------------------------------------------------------


def test_without_a_token_two_demos_answer_differently(compare, fake):
    app = compare(pat="")

    ask(app, "What can this app do?")

    assert [m["model"]["url"] for m in turns_of(app)] == [DEMO.url, BRIEF_DEMO.url]
    first, second = (turn["replies"][0]["content"] for turn in turns_of(app))
    assert first.startswith(second[:40]) or second in first
    assert len(second) < len(first)
    assert fake.chats == []
    assert "scripted, not an LLM" in reply(app, 1)


def turns_of(app):
    return [chat["turns"][-1] for chat in app.session_state["session.compared"]]


def test_with_fewer_than_two_models_nothing_is_asked(compare, fake):
    app = compare(MODEL)
    assert "Choose at least 2 models." in page(app)
    assert app.chat_input(key="compare_prompt").disabled


# --- Votes ---------------------------------------------------------------------------------------


def test_names_stay_hidden_until_the_vote(compare, fake):
    one = by_model(gpt_4_1=says("From one."), Kimi_K2_6=says("From two."))
    fake.next(one, one)
    app = compare(MODEL, OTHER, hides_names=True)

    ask(app, "Hi")

    shown = page(app).partition("Compare models")[2]
    assert "Model A" in shown
    assert "Model B" in shown
    main = "\n".join(answer for at in (0, 1) for answer in [reply(app, at)])
    assert "Kimi" not in main
    assert "GPT-4.1" not in main
    assert not app.has("open_chat:A")

    app.click(f"vote:B:{turns_of(app)[0]['id']}")

    winner = turns_of(app)[1]["model"]["name"]
    assert "1 vote in this tab" in [box.label for box in app.expander]
    assert f"| {winner} | 1 of 1 |" in page(app).replace("\\", "")
    assert "Model A" not in page(app)
    assert app.has("open_chat:A")
    (vote,) = app.session_state["session.votes"]
    assert vote["blind"]
    assert vote["winner"] == winner


def test_a_second_click_is_no_second_vote(compare, fake):
    fake.next(says("One."), says("Two."))
    app = ask(compare(MODEL, OTHER), "Hi")
    asked = turns_of(app)[0]["id"]

    app.click(f"vote:none:{asked}")

    assert not app.has(f"vote:A:{asked}")
    assert len(app.session_state["session.votes"]) == 1
    assert not app.session_state["session.votes"][0]["blind"]


# --- Kept ----------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path, set_up, monkeypatch):
    """The database of a visitor with a cookie."""
    cookies = {COOKIE: new_id()}
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda context: cookies))
    set_up(DATABASE_URL=f"sqlite:///{tmp_path / 'history.db'}")
    monkeypatch.setattr(keeper, "EVERY_S", 0.01)
    saving.forget_store()
    store = open_store(f"sqlite:///{tmp_path / 'history.db'}")
    yield store
    store.close()
    for handle in list(replies._replies.values()):
        handle.stop()
    saving.forget_store()


@pytest.mark.usefixtures("kept")
def test_a_reload_shows_the_same_comparison(compare, open_app, fake):
    fake.next(*[by_model(gpt_4_1=says("From GPT."), Kimi_K2_6=says("From Kimi."))] * 2)
    app = ask(compare(MODEL, OTHER), "Hi")
    address = app.query_params["chats"]

    again = open_app("pages/compare.py", pat=CANARY, query={"chats": address})

    assert "From GPT." in reply(again, 0)
    assert "From Kimi." in reply(again, 1)
    assert len(fake.chats) == 2


@pytest.mark.usefixtures("kept")
def test_a_column_goes_on_as_a_chat(compare, fake):
    fake.next(*[by_model(gpt_4_1=says("From GPT."), Kimi_K2_6=says("From Kimi."))] * 2)
    app = ask(compare(MODEL, OTHER), "Hi")

    app.click("open_chat:B")
    app.switch_page("app.py").run()

    assert "From Kimi." in reply(app)
    fake.next(says("More."))
    app.chat_input(key="prompt").set_value("More?").run()
    assert fake.chats[-1].body["model"] == OTHER
    assert len(answers(app)) == 2


def test_a_conversation_with_the_token_in_it_is_not_saved(compare, kept):
    ask(compare(MODEL, OTHER, pat=TOKEN), f"My token is {TOKEN}")

    assert kept.read_some() == 0
    with kept._engine.connect() as connection:
        assert not connection.exec_driver_sql("SELECT 1 FROM chats").first()


# --- Links ---------------------------------------------------------------------------------------


def test_a_link_chooses_and_fills_in_and_never_sends(open_app, fake):
    app = open_app(
        "pages/compare.py", pat=CANARY, query={"models": f"{MODEL},{OTHER},demo", "q": "Hi there"}
    )

    assert app.session_state["session.to_compare"] == [MODEL, OTHER, "demo"]
    assert app.chat_input(key="compare_prompt").value == "Hi there"
    assert fake.chats == []


def test_what_is_wrong_with_a_link_is_said(open_app):
    five = ",".join(f"https://clarifai.com/a/b/models/m{n}" for n in range(5))
    app = open_app("pages/compare.py", pat=CANARY, query={"models": f"nowhere,{five}"})

    assert len(app.session_state["session.to_compare"]) == 4
    said = [toast.value for toast in app.toast]
    assert "Some names in this page's address are not addresses of models." in said
    assert "At most 4 models can be compared: the first 4 are chosen." in said


def test_a_new_comparison_keeps_the_choice(compare, fake):
    fake.next(says("One."), says("Two."))
    app = ask(compare(MODEL, OTHER), "Hi")

    app.click("new_comparison")

    assert set(app.session_state["session.to_compare"]) == {MODEL, OTHER}
    assert answers(app) == []
    assert app.has("compared_models")
