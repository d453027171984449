from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.room.stream_url import (
    CLOCK_TOLERANCE_S,
    MAX_VALIDITY_S,
    StreamHost,
    StreamKey,
    hex_time,
    is_stream_url,
    new_stream_name,
    redact,
    refusal_of,
    signed_query,
    stream_of,
)


NOW = 1_800_000_000
PUSH = StreamKey(b"push-key-push-key")
PLAY = StreamKey(b"play-key-play-key")
STREAM = "8525_abcdefghijklmnopqrstuvwxyz_x"
RECORDED = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_double_room.json").read_text("utf-8")
)


def query(key: StreamKey = PUSH, stream: str = STREAM, end: int = NOW + 3600) -> str:
    return signed_query(key, stream, end, "8525")


def test_a_signed_url_has_the_originals_form_and_order() -> None:
    url = StreamHost("relay.example:1935").url(STREAM, query(end=NOW))

    secret = PUSH.signature(STREAM, "6B49D200")
    assert url == (
        f"rtmp://relay.example:1935/live/{STREAM}"
        f"?bizid=8525&txSecret={secret}&txTime=6B49D200"
    )


@pytest.mark.parametrize(
    "vector", next(v for k, v in RECORDED["test_vectors"].items() if k[:3] == "url")
)
def test_the_originals_signatures_are_computed_alike(vector: dict[str, str]) -> None:
    key = StreamKey(vector["key"].encode())

    assert key.signature(vector["stream_id"], vector["txTime"]) == vector["txSecret"]


def test_a_right_key_is_accepted_until_it_expires() -> None:
    end = NOW + 3600

    assert refusal_of(PUSH, STREAM, query(end=end), NOW) is None
    assert refusal_of(PUSH, STREAM, query(end=end), end + CLOCK_TOLERANCE_S) is None
    assert (
        refusal_of(PUSH, STREAM, query(end=end), end + CLOCK_TOLERANCE_S + 1)
        == "the key is expired"
    )


def test_a_key_that_ends_too_far_in_the_future_is_refused() -> None:
    last = NOW + MAX_VALIDITY_S + CLOCK_TOLERANCE_S

    assert refusal_of(PUSH, STREAM, query(end=last), NOW) is None
    assert (
        refusal_of(PUSH, STREAM, query(end=last + 1), NOW)
        == "the key ends too far in the future"
    )


def test_a_play_key_cannot_push() -> None:
    assert refusal_of(PUSH, STREAM, query(PLAY), NOW) == "the key is wrong"


def test_the_key_of_another_stream_is_refused() -> None:
    assert refusal_of(PUSH, "other_x", query(), NOW) == "the key is wrong"


def test_a_digit_moved_from_the_name_into_the_time_forges_nothing() -> None:
    # With the published formula a URL for kiosk12 is a valid one for kiosk1
    # until the year 2295, without knowing the key.
    time_text = hex_time(NOW)
    secret = PUSH.signature("8888_kiosk12", time_text)
    forged = f"bizid=8888&txSecret={secret}&txTime=2{time_text}"

    assert PUSH.signature("8888_kiosk1", f"2{time_text}") == secret
    assert (
        refusal_of(PUSH, "8888_kiosk1", forged, NOW)
        == "the key is missing or malformed"
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda q: "",
        lambda q: q.replace("txSecret=", "txsecret="),
        lambda q: q.replace("&txTime=", "&txTime=0"),
        lambda q: q[:-1],
        lambda q: q[:-8] + q[-8:].lower() + "",
        lambda q: q + "&txTime=7FFFFFFF",
        lambda q: q + f"&{q}",
        lambda q: q.replace("txTime=", "txTime=%20"),
        lambda q: q.replace("txTime=", "txTime=+"),
        lambda q: q.replace("txSecret=", "txSecret=0"),
        lambda q: q.replace(q[20:52], q[20:52].upper()),
        lambda q: q.replace("bizid=8525", "&".join(f"a{n}=1" for n in range(9))),
        lambda q: "txSecret=&txTime=",
    ],
)
def test_a_spoilt_key_is_refused(spoil: object) -> None:
    end = 0x6B49DABC
    assert callable(spoil)
    spoilt = spoil(signed_query(PUSH, STREAM, end, "8525"))

    assert refusal_of(PUSH, STREAM, spoilt, NOW) == "the key is missing or malformed"


@given(st.integers(0, 31), st.sampled_from("0123456789abcdef"))
def test_no_changed_digit_of_a_signature_is_accepted(at: int, digit: str) -> None:
    text = query()
    place = text.index("txSecret=") + len("txSecret=") + at
    changed = text[:place] + digit + text[place + 1 :]

    assert (refusal_of(PUSH, STREAM, changed, NOW) is None) == (changed == text)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "x" * 129, "é", "a.flv"])
def test_a_malformed_stream_name_is_refused(name: str) -> None:
    assert (
        refusal_of(PUSH, name, query(stream=name), NOW)
        == "the stream's name is malformed"
    )


@pytest.mark.parametrize("unix_s", [0, 0x0FFFFFFF, 0x100000000, -5])
def test_a_time_that_has_not_eight_digits_is_refused(unix_s: int) -> None:
    with pytest.raises(ValueError, match="eight hex digits"):
        hex_time(unix_s)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        StreamKey(b"")


def test_a_key_never_shows_itself() -> None:
    assert "push-key" not in repr(PUSH)


@pytest.mark.parametrize(
    ("url", "stream"),
    [
        ("rtmp://h/live/8888_bob?bizid=8888&txSecret=a/b&txTime=1", "8888_bob"),
        ("https://h/live/8888_bob.flv", "8888_bob"),
        ("http://h/live/8888_bob.m3u8?x=1", "8888_bob"),
        ("8888_bob", "8888_bob"),
        ("rtmp://h/live/", ""),
    ],
)
def test_the_stream_is_found_in_any_url(url: str, stream: str) -> None:
    assert stream_of(url) == stream


def test_a_new_stream_name_has_a_fixed_length_and_no_hex_digit_at_its_end() -> None:
    names = {new_stream_name("8525", secrets.token_bytes) for _ in range(200)}

    assert len(names) == 200
    assert {len(name) for name in names} == {len("8525_") + 26 + len("_x")}
    assert {name[-1] for name in names} == {"x"}


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("rtmp://h/live/s?txTime=1", True),
        ("rtmps://h:443/live/s", True),
        ("http://h/live/s", False),
        ("rtmp:///live/s", False),
        ("rtmp://h/live/", False),
        ("rtmp://h/live/s\n", False),
        ("rtmp://h/live/é", False),
        ("rtmp://[h/live/s", False),
        ("rtmp://h/live/" + "s" * 2048, False),
    ],
)
def test_only_an_rtmp_url_with_a_stream_is_one(url: str, verdict: bool) -> None:
    assert is_stream_url(url) is verdict


def test_redaction_leaves_the_stream_and_takes_every_secret() -> None:
    text = "push rtmp://h/live/s?bizid=1&txSecret=abc&txTime=6B&token=t&userSig=u*-_ ok"

    assert redact(text) == (
        "push rtmp://h/live/s?bizid=1&txSecret=***&txTime=***&token=***&userSig=*** ok"
    )
