"""What the app adds to the cookies that it and Streamlit set."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from clarifai_chat.serving.cookies import SafeCookies, all_safe, below, may_be_framed, safe


@pytest.mark.parametrize(
    ("cookie", "behind_tls", "in_frames"),
    [
        (
            b"a=1; Path=/; HttpOnly; SameSite=Lax",
            b"a=1; Path=/; HttpOnly; SameSite=Lax; Secure",
            b"a=1; Path=/; HttpOnly; SameSite=None; Secure; Partitioned",
        ),
        (b"a=1; secure; path=/", b"a=1; path=/; Secure", b"a=1; path=/; SameSite=None; Secure; P"),
        (b"a=b=c;samesite=strict", b"a=b=c; samesite=strict; Secure", b"a=b=c; SameSite=None; S"),
        (b"secure=1", b"secure=1; Secure", b"secure=1; SameSite=None; Secure; Partitioned"),
    ],
)
def test_a_cookie_gets_what_it_lacks(cookie, behind_tls, in_frames):
    assert safe(cookie, framed=False) == behind_tls
    assert safe(cookie, framed=True).startswith(in_frames)
    assert safe(safe(cookie, framed=True), framed=True) == safe(cookie, framed=True)


@pytest.mark.parametrize("framed", [True, False])
def test_signing_out_deletes_the_cookie_of_before_the_setting_changed_too(framed):
    assert all_safe(b"a=; Max-Age=0; SameSite=lax", framed) == [
        b"a=; Max-Age=0; SameSite=lax; Secure",
        b"a=; Max-Age=0; SameSite=None; Secure; Partitioned",
    ]
    assert len(all_safe(b"a=1; Max-Age=01", framed)) == 1


@pytest.mark.parametrize(
    ("cookie", "own"),
    [
        (b"a=1; Path=/; SameSite=Lax", b"a=1; Path=/chat; SameSite=Lax"),
        (b"a=1;path=/;httponly", b"a=1; Path=/chat; httponly"),
        (b"a=1; Path=/chat", b"a=1; Path=/chat"),
        (b"a=; Path=/; Max-Age=0", b"a=; Path=/; Max-Age=0"),
    ],
)
def test_below_a_path_a_cookie_is_for_that_path_alone(cookie, own):
    assert below(cookie, "/chat") == own
    assert below(cookie, "") == cookie


@pytest.mark.parametrize(
    ("frame_ancestors", "others_may"),
    [
        ("'self'", False),
        ("'none'", False),
        ("'SELF'", False),
        ("'self' https://portal.test", True),
        ("https:", True),
        ("*", True),
    ],
)
def test_only_frames_of_other_sites_need_other_cookies(frame_ancestors, others_may):
    assert may_be_framed(frame_ancestors) is others_may


@pytest.mark.parametrize(
    ("scheme", "ancestors", "set_cookie"),
    [
        ("http", "'self'", b"a=1; SameSite=Lax"),
        ("http", "https://portal.test", b"a=1; SameSite=Lax"),
        ("https", "'self'", b"a=1; SameSite=Lax; Secure"),
        ("https", "https://portal.test", b"a=1; SameSite=None; Secure; Partitioned"),
    ],
)
def test_cookies_change_only_over_https(set_up, scheme, ancestors, set_cookie):
    set_up(FRAME_ANCESTORS=ancestors)
    sent = []

    async def app(scope, receive, send):
        headers = [(b"x-other", b"a=1"), (b"set-cookie", b"a=1; SameSite=Lax")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as pool:  # the browser tests have a loop of their own in this one
        asked = SafeCookies(app)({"type": "http", "scheme": scheme}, None, send)
        pool.submit(asyncio.run, asked).result()

    assert sent[0]["headers"] == [(b"x-other", b"a=1"), (b"set-cookie", set_cookie)]
