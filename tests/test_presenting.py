"""Demos: which files are plans, what they may spend, and where each presentation is."""

from dataclasses import replace

import pytest

from clarifai_chat import catalog
from clarifai_chat.chat.turn import end, new_turn
from clarifai_chat.checkup import problems
from clarifai_chat.presenting import plan, plans, presentations, spending
from clarifai_chat.presenting.plan import BadPlan
from clarifai_chat.recordings.files import BadRecording
from clarifai_chat.recordings.recording import models, ribbon


@pytest.fixture(autouse=True)
def _no_presentations(monkeypatch):
    """Nothing is presented when a test begins: this process is shared."""
    monkeypatch.setattr(presentations, "_places", {})


STEP = "steps:\n- title: One\n  prompt: Why?\n"


def read(text):
    return plan.read(text.encode(), "mine")


# --- Files ---------------------------------------------------------------------------------------


def test_a_plan_has_steps_with_all_that_a_presenter_needs():
    found = read(
        "title: Mine\nmax_usd: 2\nsteps:\n- title: One\n  prompt: Why?\n  model: [demo, chosen]\n"
        "- title: Two\n  prompt: 1+1?\n  tools: calculator\n  notes: |\n    Smile.\n"
        "- {title: Three, recording: x.json}\n- title: The end\n"
    )

    assert (found["title"], found["max_usd"], found["max_asks"]) == ("Mine", 2.0, 40)
    assert [step["models"] for step in found["steps"]] == [["demo", "chosen"], ["chosen"], [], []]
    assert found["steps"][1]["tools"][0]["function"]["name"] == "calculate"
    assert found["steps"][1]["notes"] == "Smile."


def test_a_plan_may_be_json():
    assert read('{"steps": [{"title": "One", "prompt": "Why?"}]}')["title"] == "mine"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "it is not YAML"),
        ("- a list", "one mapping"),
        ("steps: []", "1 to 30"),
        (STEP + "colour: red", "colour is not a field"),
        (STEP + "max_usd: a lot", "max_usd has to be a number"),
        (STEP + "max_asks: 100000", "from 0 to 200"),
        ("steps: [1]", "step 1: it has to be a mapping"),
        ("steps: [{prompt: Why?}]", "step 1: title is missing"),
        ("steps: [{title: A, prompt: 3}]", "step 1: prompt has to be text"),
        ("steps: [{title: A, model: demo}]", "step 1: prompt is missing"),
        ("steps: [{title: A, prompt: B, model: 'evil.example'}]", "step 1: model has to be"),
        ("steps: [{title: A, prompt: B, model: [demo,demo,demo,demo,demo]}]", "2 to 4"),
        ("steps: [{title: A, prompt: B, tools: hammer}]", "or one of weather"),
        ("steps: [{title: A, prompt: B, tools: [1]}]", "list of tools"),
        ("steps: [{title: A, prompt: B, model: [demo, demo], tools: time}]", "with one model"),
        ("a" * (plan.MAX_BYTES + 1), "too large"),
    ],
)
def test_a_plan_that_cannot_be_presented_says_where_it_is_wrong(text, why):
    with pytest.raises(BadPlan) as error:
        read(text)
    assert why in str(error.value)


def test_the_shipped_demos_are_whole_and_each_of_their_recordings_can_be_played():
    listed = plans.listing()

    assert [each.name for each in listed] == ["first-look", "side-by-side", "tool-calls"]
    assert [each.trouble for each in listed] == ["", "", ""]
    steps = [step for each in listed for step in each.plan["steps"]]
    assert all(step["notes"] for step in steps)
    recorded = [plans.recording_of(step) for step in steps if step["recording"]]
    assert len(recorded) == 5
    for recording in recorded:
        assert all(name.startswith("Demo") for name in models(recording))
        assert "made up" not in ribbon(recording)
    # Offline and without a token, every step has something to show.
    for step in steps:
        is_offline = all(url.startswith("demo") for url in step["models"])
        assert step["recording"] or is_offline


def test_a_demo_of_the_operator_is_listed_first_and_replaces_a_shipped_one(set_up, tmp_path):
    (tmp_path / "tool-calls.yaml").write_text("title: Ours\n" + STEP)
    (tmp_path / "broken.yaml").write_text("steps: 3")
    (tmp_path / "Not a name.yaml").write_text(STEP)
    set_up(DEMOS_DIR=tmp_path)

    names = [each.name for each in plans.listing()]

    assert names == ["broken", "tool-calls", "first-look", "side-by-side"]
    assert plans.load("tool-calls")["title"] == "Ours"
    with pytest.raises(BadPlan, match="cannot be presented: steps has to be a list"):
        plans.load("broken")
    with pytest.raises(BadPlan, match="no demo of this name"):
        plans.load("../secrets")


def test_what_is_wrong_with_the_operators_demos_is_said_at_the_start(set_up, tmp_path):
    (tmp_path / "broken.yaml").write_text("steps: 3")
    (tmp_path / "mine.yaml").write_text("steps: [{title: One, recording: gone.json}]")
    set_up(DEMOS_DIR=tmp_path)

    said = "\n".join(problems())

    assert "The demo broken.yaml cannot be presented: steps has to be a list" in said
    assert "The demo mine.yaml, step 1: There is no gone.json" in said

    set_up(DEMOS_DIR=tmp_path / "gone")
    assert "DEMOS_DIR names no folder" in "\n".join(problems())


@pytest.mark.parametrize("name", ["../x.json", "/etc/passwd", "a/b.json", ".json", "x.yaml"])
def test_no_recording_is_read_from_elsewhere(name):
    with pytest.raises(BadRecording, match="is not the name of a recording"):
        plans.recording_of({"recording": name})


# --- Spending ------------------------------------------------------------------------------------


def priced(paid_in=1.0, paid_out=10.0):
    model = catalog.describe((), "https://clarifai.com/a/b/models/c")
    return replace(model, input_price=paid_in, output_price=paid_out)


def test_a_question_counts_what_it_may_cost_at_most():
    assert spending.most_usd([priced()], 3000, 1) == pytest.approx(0.001 + 0.02)
    assert spending.most_usd([priced(None, None)], 0, 1) == pytest.approx(0.04)
    assert spending.most_usd([priced()], 0, 4) > 4 * spending.most_usd([priced()], 0, 1)


def test_the_limits_of_a_plan_stop_the_next_question():
    limits = {"max_usd": 0.05, "max_asks": 3}

    assert spending.refusal(limits, 0, 0.0, 0.04) == ""
    assert "limit of this demo is $0.05" in spending.refusal(limits, 1, 0.02, 0.04)
    assert "3 questions" in spending.refusal(limits, 3, 0.0, 0.0)
    assert spending.refusal(limits, 1, 1.0, 0.0) == ""  # what costs nothing may always be asked


def test_what_is_not_reported_counts_at_its_most():
    turn = new_turn("Why?" * 300, {"url": "u", "name": "m", "input_price": 1, "output_price": 10})
    assert spending.spent_usd([turn]) > 0.02  # it is running

    turn["figures"] |= {"prompt_tokens": 400, "completion_tokens": 100}
    end(turn, "stop", 1.0)

    assert spending.spent_usd([turn]) == pytest.approx(0.0014)


# --- Where a presentation is ---------------------------------------------------------------------


def test_notes_follow_the_presentation_of_their_id():
    mine, other = presentations.begin("first-look"), presentations.begin("first-look")

    presentations.move(mine, 2)

    assert presentations.find(mine, "first-look")["step"] == 2
    assert presentations.find(other, "first-look")["step"] == 0
    assert len(mine) == 32


def test_notes_go_on_after_the_presenter_has_reloaded_the_page():
    first = presentations.begin("first-look", owner="ada")
    presentations.move(presentations.begin("first-look", owner="ada"), 3)
    presentations.move(presentations.begin("tool-calls", owner="ada"), 1)
    presentations.move(presentations.begin("first-look", owner="grace"), 2)

    assert presentations.find(first, "first-look")["step"] == 3
    assert presentations.find("0" * 32, "first-look", owner="ada") is None  # a wrong id


def test_without_an_id_only_the_visitors_own_presentation_is_found():
    presentations.begin("first-look", owner="ada")
    latest = presentations.begin("first-look", owner="ada")
    presentations.begin("first-look", owner="")

    assert presentations.find("", "first-look", owner="ada")["id"] == latest
    assert presentations.find("", "first-look", owner="grace") is None
    assert presentations.find("", "first-look", owner="") is None
    assert presentations.find("", "tool-calls", owner="ada") is None


def test_old_presentations_are_forgotten(monkeypatch):
    monkeypatch.setattr(presentations, "MAX_KEPT", 3)
    first = presentations.begin("first-look")
    for _ in range(3):
        presentations.begin("first-look")

    assert presentations.find(first, "first-look") is None
