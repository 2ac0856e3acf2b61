"""One visitor's uploads neither fill the memory nor stop the others."""

import asyncio
from types import SimpleNamespace

import pytest

from clarifai_chat import memory
from components.state import streamlit_patches, uploads
from tests.patience import run_apart

MB = 1_000_000


class Runtime:
    """Streamlit's runtime, as far as uploads look at it."""

    def __init__(self):
        self.active = {"ada", "bob"}
        self.uploaded_file_mgr = self
        self.file_storage = {}

    def exists(self):
        return True

    def get_instance(self):
        return self

    def is_active_session(self, session_id):
        return session_id in self.active

    def remove_session_files(self, session_id):
        self.file_storage.pop(session_id, None)


@pytest.fixture
def there(monkeypatch, set_up):
    set_up(MAX_SESSION_UPLOADS_MB=200, MAX_UPLOADS_MB=300, MAX_MEMORY_MB=0)
    there = Runtime()
    monkeypatch.setattr(uploads, "runtime", there)
    return there


@pytest.fixture
def put(there):
    """`await put("ada", 49)` uploads that many MB; returns the status and the words."""
    waiting = asyncio.Event()

    async def streamlit(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        if scope.get("is_slow"):
            await waiting.wait()
        session_id = uploads.session_of(scope)
        size = int(scope["path"].rpartition("/")[2].partition("-")[0])
        files = there.file_storage.setdefault(session_id, {})
        files[len(files)] = SimpleNamespace(data=range(size))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    app = uploads.BoundedUploads(streamlit)

    async def put(session_id, mb, *, method="PUT", is_slow=False):
        size = int(mb * MB)
        headers = [(b"content-length", str(size).encode())]
        sent, body = [], [{"type": "http.request", "more_body": n < 3} for n in range(4)]

        async def receive():
            return body.pop(0)

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": f"/chat{uploads.PATH}{session_id}/{size}-x",
            "headers": headers,
            "is_slow": is_slow,
        }
        await app(scope, receive, send)
        assert body == [], "A browser that is cut off does not see the answer."
        return sent[0]["status"], sent[-1].get("body", b"").decode()

    put.waiting = waiting
    return put


def held(there):
    return sum(len(f.data) for files in there.file_storage.values() for f in files.values()) / MB


def test_one_tab_that_sends_twelve_files_stays_bounded_and_others_go_on(there, put):
    async def story():
        answers = [await put("ada", 49) for _ in range(12)]

        assert [status for status, _ in answers] == [204] * 4 + [413] * 8
        assert answers[-1][1].startswith("More files wait to be sent than one visitor may have.")
        assert held(there) == 4 * 49
        assert (await put("bob", 49))[0] == 204

        there.file_storage["ada"].popitem()  # removed by its visitor, or sent
        assert (await put("ada", 49))[0] == 204

    run_apart(story())


def test_files_on_their_way_count_too(there, put):
    async def story():
        arriving = [asyncio.create_task(put("ada", 49, is_slow=True)) for _ in range(6)]
        while sum(task.done() for task in arriving) < 2:
            await asyncio.sleep(0)
        put.waiting.set()
        return [(await task)[0] for task in arriving]

    assert sorted(run_apart(story())) == [204] * 4 + [413] * 2
    assert held(there) == 4 * 49


def test_many_small_files_count_as_files(there, put, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 3)

    async def story():
        return [(await put("ada", 0))[0] for _ in range(5)]

    assert run_apart(story()) == [204] * 3 + [413] * 2


def test_who_announces_a_file_and_sends_nothing_keeps_no_room(there, monkeypatch):
    monkeypatch.setattr(uploads, "IDLE_S", 0.01)
    got = []

    async def streamlit(scope, receive, send):
        got.append(await receive())

    async def story():
        app = uploads.BoundedUploads(streamlit)
        path = f"{uploads.PATH}ada/1"
        headers = [(b"content-length", b"49000000")]
        scope = {"type": "http", "method": "PUT", "path": path, "headers": headers}
        await app(scope, asyncio.Event().wait, None)
        assert not app._arriving

    run_apart(story())
    assert got == [{"type": "http.disconnect"}]


def test_all_visits_together_are_bounded_and_who_left_makes_room(there, put):
    async def story():
        assert [(await put(who, 140))[0] for who in ("ada", "bob")] == [204, 204]
        status, words = await put("ada", 40)
        assert (status, "as many files as it can" in words) == (507, True)

        there.active.discard("bob")  # for whom the files would wait ten minutes
        assert (await put("ada", 40))[0] == 204
        assert "bob" not in there.file_storage

    run_apart(story())


@pytest.mark.parametrize(("used", "status"), [(500, 204), (960, 507)])
def test_files_leave_memory_for_questions(there, put, set_up, monkeypatch, used, status):
    set_up(MAX_MEMORY_MB=1000)
    monkeypatch.setattr(memory, "used_mb", lambda: used)

    assert run_apart(put("ada", 1))[0] == status
    there.file_storage["bob"] = {0: SimpleNamespace(data=range(250 * MB))}
    assert run_apart(put("ada", 20))[0] == 507, "A quarter of the memory is taken."


def test_what_is_not_an_upload_of_a_live_page_is_streamlits(there, put):
    there.active.clear()
    assert run_apart(put("ada", 500))[0] == 204  # which refuses it
    there.active.add("ada")
    assert run_apart(put("ada", 500, method="DELETE"))[0] == 204


@pytest.mark.parametrize("code", [1001, 1000, 1006, None])
@pytest.mark.parametrize("comes_back", [False, True])
def test_a_closed_page_frees_its_files_and_a_lost_connection_keeps_them(there, code, comes_back):
    there.file_storage["ada"] = {0: SimpleNamespace(data=b"x")}

    async def streamlit(scope, receive, send):
        uploads.note_session("ada")
        await receive()
        if not comes_back:
            there.active.discard("ada")

    async def receive():
        return {"type": "websocket.disconnect", **({"code": code} if code else {})}

    async def story():
        await uploads.BoundedUploads(streamlit)({"type": "websocket"}, receive, None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    run_apart(story())
    is_freed = code in (1000, 1001) and not comes_back
    assert ("ada" in there.file_storage) is not is_freed


def test_files_of_a_question_that_are_not_here_any_more_are_named_once(monkeypatch):
    session = SimpleNamespace()
    monkeypatch.setattr(streamlit_patches, "session_of_this_run", lambda: session)
    files = [SimpleNamespace(file_id=letter, name=f"{letter}.txt") for letter in "abc"]
    pop = streamlit_patches._and_name_what_is_lost(lambda sent: files[1:2])

    assert pop(SimpleNamespace(uploaded_file_info=files)) == files[1:2]
    assert streamlit_patches.lost_files() == ["a.txt", "c.txt"]
    assert streamlit_patches.lost_files() == []
    pop(None)
    assert streamlit_patches.lost_files() == []
