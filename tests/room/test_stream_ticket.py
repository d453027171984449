"""Tickets: one text for one right, and nothing else opens anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.room.stream_ticket import (
    CONNECT_S,
    FIELDS,
    Purpose,
    Ticket,
    TicketKey,
    is_astray,
    is_ticket,
    new_jti,
    new_key,
    place_of,
    read_ticket,
    refusal_of_ticket,
    tag_of,
)
from kiosk.room.stream_url import CLOCK_TOLERANCE_S, StreamKey, refusal_of


NOW = 1_800_000_000
KEY = TicketKey("k234", b"push-secret-push-secret-push-sec", b"play" * 8)
STREAM = "8525_abcdefghijklmnopqrstuvwxyz_x"
TICKET = Ticket(
    kid="k234",
    purpose=Purpose.PUSH,
    room=tag_of("desk"),
    stream=STREAM,
    holder=tag_of("kiosk-7"),
    not_before=NOW,
    expires=NOW + CONNECT_S,
    jti="abcdefghijklmnop",
)
QUERY = KEY.query(TICKET)
ANOTHER = {
    "v": "3",
    "kid": "k235",
    "p": "play",
    "rm": tag_of("other"),
    "st": "8525_bbcdefghijklmnopqrstuvwxyz_x",
    "sub": tag_of("kiosk-8"),
    "nbf": "6B49D201",
    "exp": "6B49D23B",
    "jti": "bbcdefghijklmnop",
    "sig": "A" * 43,
}


def verdict(query: str, now: float = NOW, key: TicketKey = KEY) -> str | None:
    """Judge a query as a gate does that has one key."""
    read = read_ticket(query)
    if read is None:
        return "no ticket"
    ticket, signature = read
    if ticket.kid != key.kid:
        return "no such key"
    return refusal_of_ticket(key, ticket, signature, now)


def altered(names: tuple[str, ...]) -> str:
    """Return the ticket with other values in some fields."""
    pairs = (pair.split("=") for pair in QUERY.split("&"))
    return "&".join(
        f"{name}={ANOTHER[name] if name in names else value}" for name, value in pairs
    )


def test_a_ticket_reads_as_the_reliability_programme_writes_it() -> None:
    assert [pair.partition("=")[0] for pair in QUERY.split("&")] == list(FIELDS)
    assert QUERY.startswith(
        f"v=2&kid=k234&p=push&rm={tag_of('desk')}&st={STREAM}"
        f"&sub={tag_of('kiosk-7')}&nbf=6B49D200&exp=6B49D23C&jti=abcdefghijklmnop&sig="
    )


def test_the_signature_is_hmac_sha256_over_fields_with_their_lengths() -> None:
    signed = b""
    for pair in QUERY.split("&")[:-1]:
        value = pair.partition("=")[2].encode()
        signed += len(value).to_bytes(4, "big") + value
    by_hand = hmac.new(KEY.push, signed, hashlib.sha256).digest()

    read = read_ticket(QUERY)
    assert read == (TICKET, KEY.signature(TICKET))
    # 43 characters of base64url, checked against the module's own coding by value
    padded = read[1].replace("-", "+").replace("_", "/") + "="
    assert secrets.compare_digest(base64.b64decode(padded), by_hand)


def test_a_ticket_fits_into_what_nginx_keeps_of_a_name() -> None:
    assert len(f"{STREAM}?{QUERY.replace('p=push', 'p=play')}") <= 255


def test_a_right_ticket_is_good() -> None:
    assert verdict(QUERY) is None


def test_every_subset_of_altered_fields_is_refused() -> None:
    subsets = [
        names
        for size in range(1, len(FIELDS) + 1)
        for names in combinations(FIELDS, size)
    ]
    assert len(subsets) == 2 ** len(FIELDS) - 1

    assert [names for names in subsets if verdict(altered(names)) is None] == []


def test_a_character_moved_from_one_field_into_the_next_forges_nothing() -> None:
    # What the originals' formula allows: there two such texts are signed alike.
    moved = TICKET._replace(room=TICKET.room[:-1], stream=TICKET.room[-1] + STREAM)

    assert moved.room + moved.stream == TICKET.room + TICKET.stream
    assert KEY.signature(moved) != KEY.signature(TICKET)


def test_the_forgery_of_finding_2_opens_nothing() -> None:
    # A URL of 8888_kiosk12 in the originals' form is one of 8888_kiosk1 until the
    # year 2295.  Its digits are no ticket; and none of its kind is believed.
    old = StreamKey(b"push-key-push-key")
    secret = old.signature("8888_kiosk12", "6B49D200")
    forged = f"bizid=8888&txSecret={secret}&txTime=26B49D200"

    assert old.signature("8888_kiosk1", "26B49D200") == secret
    assert refusal_of(old, "8888_kiosk1", forged, NOW) is not None
    assert verdict(forged) == "no ticket"
    assert verdict(f"{QUERY}&{forged}") == "no ticket"


def test_a_play_ticket_cannot_be_signed_with_the_secret_for_pushing() -> None:
    playing = TICKET._replace(purpose=Purpose.PLAY)
    swapped = TicketKey("k234", push=KEY.play, play=KEY.push)

    assert verdict(KEY.query(playing)) is None
    assert verdict(swapped.query(playing)) == "the key is wrong"
    assert verdict(swapped.query(TICKET)) == "the key is wrong"


SPOILT = {
    "nothing": "",
    "a field twice": QUERY + "&kid=k234",
    "the whole twice": f"{QUERY}&{QUERY}",
    "another field": QUERY + "&bizid=8525",
    "a field missing": QUERY.replace("&jti=abcdefghijklmnop", ""),
    "fields in another order": "&".join(reversed(QUERY.split("&"))),
    "an empty key name": QUERY.replace("kid=k234", "kid="),
    "an empty purpose": QUERY.replace("p=push", "p="),
    "an empty room": QUERY.replace(TICKET.room, ""),
    "an empty stream": QUERY.replace(STREAM, ""),
    "an empty holder": QUERY.replace(TICKET.holder, ""),
    "an empty time": QUERY.replace("exp=6B49D23C", "exp="),
    "an empty signature": QUERY.partition("&sig=")[0] + "&sig=",
    "an encoded letter": QUERY.replace("p=push", "p=pus%68"),
    "an encoded separator": QUERY.replace("&st=", "%26st="),
    "a plus": QUERY.replace("nbf=6", "nbf=+6"),
    "a plus in the signature": QUERY[:-1] + "+",
    "a slash in the signature": QUERY[:-1] + "/",
    "padding": QUERY + "=",
    "a time of lower-case digits": QUERY.replace("6B49D23C", "6b49d23c"),
    "a time of nine digits": QUERY.replace("exp=6B49D23C", "exp=06B49D23C"),
    "a time of seven digits": QUERY.replace("exp=6B49D23C", "exp=6B49D23"),
    "a sign before a time": QUERY.replace("exp=6B49D23C", "exp=-B49D23C"),
    "an upper-case key name": QUERY.replace("k234", "K234"),
    "an upper-case purpose": QUERY.replace("p=push", "p=PUSH"),
    "an upper-case field": QUERY.replace("sig=", "SIG="),
    "another version": QUERY.replace("v=2", "v=1"),
    "a longer version": QUERY.replace("v=2", "v=02"),
    "a line's end": QUERY + "\n",
    "digits of another script": QUERY.replace("v=2", "v=２"),  # noqa: RUF001
    "a zero byte": QUERY.replace("p=push", "p=push\0"),
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT.keys())
def test_another_text_is_no_ticket(spoilt: str) -> None:
    assert verdict(spoilt) == "no ticket"


def test_the_last_character_of_a_signature_has_no_second_spelling() -> None:
    # 43 characters carry 258 bits: base64 readers take four spellings for one.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    good = [end for end in alphabet if verdict(QUERY[:-1] + end) is None]

    assert good == [QUERY[-1]]


def test_a_ticket_is_good_from_its_beginning_to_its_end() -> None:
    first, last = NOW - CLOCK_TOLERANCE_S, NOW + CONNECT_S + CLOCK_TOLERANCE_S

    assert verdict(QUERY, first) is None
    assert verdict(QUERY, last) is None
    assert verdict(QUERY, first - 1) == "the key is not good yet"
    assert verdict(QUERY, last + 1) == "the key is expired"


def test_outside_its_own_times_a_ticket_is_astray() -> None:
    inside = [not is_astray(TICKET, now) for now in (NOW, NOW + CONNECT_S)]
    outside = [is_astray(TICKET, now) for now in (NOW - 1, NOW + CONNECT_S + 1)]

    assert inside == outside == [True, True]


@pytest.mark.parametrize("life", [CONNECT_S + 1, 0, -5])
def test_a_ticket_of_another_length_of_life_is_refused(life: int) -> None:
    odd = KEY.query(TICKET._replace(expires=NOW + life))

    assert verdict(odd) == "the key is good for too long"


def test_a_key_never_shows_itself() -> None:
    assert "push-secret" not in repr(KEY)
    assert "playplay" not in repr(KEY)


def test_fresh_keys_and_numbers_are_well_formed_and_differ() -> None:
    keys = [new_key(secrets.token_bytes) for _ in range(50)]
    numbers = {new_jti(secrets.token_bytes) for _ in range(50)}

    for key in keys:
        ticket = TICKET._replace(kid=key.kid, jti=new_jti(secrets.token_bytes))
        assert verdict(key.query(ticket), key=key) is None
        assert key.push != key.play
    assert len({key.push for key in keys}) == len(numbers) == 50


def test_a_query_is_meant_as_a_ticket_or_not() -> None:
    assert is_ticket(QUERY)
    assert is_ticket("kid=k234&v=2")
    assert not is_ticket("bizid=8525&txSecret=0&txTime=1")
    assert not is_ticket("")


def test_two_looks_at_one_stream_have_one_place() -> None:
    later = TICKET._replace(jti="qbcdefghijklmnop", expires=NOW + 3)
    first, second = (
        f"rtmp://h/live/{STREAM}?{KEY.query(ticket)}" for ticket in (TICKET, later)
    )

    assert first != second
    assert place_of(first) == place_of(second) == f"rtmp://h/live/{STREAM}"
    assert place_of("rtmp://h/live/s?txTime=1") == "rtmp://h/live/s?txTime=1"
    assert place_of("") == ""


@given(st.integers(0, 42), st.sampled_from("ABCDEFGHabcdefgh01234567-_"))
def test_no_changed_character_of_a_signature_is_accepted(at: int, other: str) -> None:
    place = QUERY.index("&sig=") + len("&sig=") + at
    changed = QUERY[:place] + other + QUERY[place + 1 :]

    assert (verdict(changed) is None) == (changed == QUERY)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=200))
def test_random_signatures_are_refused(signatures: list[bytes]) -> None:
    unsigned = QUERY.partition("&sig=")[0]
    for one in signatures:
        text = base64.urlsafe_b64encode(one).decode().rstrip("=")

        assert verdict(f"{unsigned}&sig={text}") == "the key is wrong"


@given(st.text(max_size=300))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    assert verdict(text) == "no ticket"
    assert isinstance(is_ticket(text), bool)


@pytest.mark.parametrize("name", ["nbf", "exp"])
def test_a_time_that_nobody_writes_makes_no_ticket(name: str) -> None:
    pairs = [pair.split("=") for pair in QUERY.split("&")]
    query = "&".join(f"{key}={'0B49D200' if key == name else v}" for key, v in pairs)

    assert verdict(query) == "no ticket"
