"""Whatever is logged, in whatever form, a secret is not in it (S16)."""

from __future__ import annotations

import json
import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kiosk.journal.lines import JsonLines, Plain
from kiosk.journal.native import datagram_of
from kiosk.journal.redaction import cut, fact, redact


SECRET = st.text("0123456789abcdefABCDEFghijKLMN_-", min_size=8, max_size=64)
AROUND = st.text(max_size=300)
NAMES = st.sampled_from(
    ["token", "userSig", "usersig", "txSecret", "sig", "password", "push_key", "key"]
)
HOSTS = st.sampled_from(["relay.example", "10.0.0.7:1935", "[::1]:443"])
SHAPES = st.sampled_from(
    [
        "rtmp://{host}/live/{secret}",
        "rtmps://{host}/live/s?txSecret={secret}&txTime=6B0A261F",
        "rtmp://{host}/live/{secret}?x=1",
        "https://{host}/weapp/double_room/login?userID=a&token={secret}",
        "{name}={secret}",
        "{name}: {secret}",
        '{{"{name}": "{secret}"}}',
        "{{'{name}': '{secret}'}}",
        "Authorization: Bearer {secret}",
    ]
)


def written(facts: dict[str, Any], text: str) -> list[str]:
    record = logging.makeLogRecord({"name": "kiosk.x", "msg": "%s", "args": (text,)})
    record.__dict__.update(facts)
    fields = {name: fact(name, value) for name, value in facts.items()}
    return [
        Plain().format(record),
        JsonLines().format(record),
        datagram_of(fields).decode(errors="replace"),
    ]


@given(SHAPES, HOSTS, NAMES, SECRET, AROUND, AROUND)
def test_no_secret_is_in_a_line_wherever_it_stands(  # noqa: PLR0917 -- what varies
    shape: str, host: str, name: str, secret: str, before: str, after: str
) -> None:
    said = shape.format(host=host, name=name, secret=f"CANARY{secret}")
    text = f"{before} {said} {after}"

    for line in written({"reason": text, "many": [text, {"a": text}]}, text):
        assert "CANARY" not in line


@given(NAMES, SECRET)
def test_a_fact_whose_name_makes_it_a_secret_is_none(name: str, secret: str) -> None:
    for line in written({name: f"CANARY{secret}"}, "said"):
        assert "CANARY" not in line


@given(SHAPES, HOSTS, NAMES, SECRET, st.integers(0, 600))
def test_a_cut_parts_no_secret_from_what_marks_it(
    shape: str, host: str, name: str, secret: str, at: int
) -> None:
    said = shape.format(host=host, name=name, secret=f"CANARY{secret}")

    assert "CANARY" not in cut("x" * at + " " + said + " " + "y" * 400)


@given(AROUND)
def test_what_has_no_secret_stays_readable(text: str) -> None:
    plain = "".join(c for c in text if c.isalnum() or c == " ")

    assert redact(f"room entered {plain} in 31 ms").startswith("room entered")


def test_a_json_line_is_one_object_whatever_was_redacted() -> None:
    line = written({"reason": 'token="a\\"b"'}, "x")[1]

    assert json.loads(line) == {
        "level": "level none",
        "logger": "kiosk.x",
        "message": "x",
        "reason": "token=…",
    }
