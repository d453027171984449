"""A still goes up and down part by part; what is odd about the parts is an error."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

import pytest

from kiosk.errors import RoomProtocolError
from kiosk.room.conversation import Conversation, Identity
from kiosk.room.fields import BadRequest
from kiosk.room.messages import Dialect
from kiosk.room.script import Ask, Outcome, Script
from kiosk.room.still_requests import PUT_BYTES, GetStill, PutStill, StillPart
from kiosk.room.still_transfer import fetch_still, send_still
from tests.fakes.room_world import RoomWorld


JPEG = b"\xff\xd8\xff" + bytes(2 * PUT_BYTES)


def talk() -> Conversation:
    return Conversation(Identity("Kiosk", "kiosk7"), lambda: 0.5, Dialect.V2)


def carried_out(script: Script[object], answers: list[object]) -> list[Ask]:
    """Run a script against the answers; return what it asked."""
    asked: list[Ask] = []
    steps = cast("Generator[Ask, Outcome, object]", script)
    try:
        step = next(steps)
        while True:
            asked.append(step)
            step = steps.send(Outcome(1.0, answers.pop(0)))
    except StopIteration as end:
        answers.append(end.value)
    return asked


def test_a_still_is_sent_in_parts_that_fit_a_request() -> None:
    asked = carried_out(send_still(talk(), "r", JPEG, 0.0), [None] * 3)

    parts = [cast("PutStill", step.request).part for step in asked]
    assert b"".join(part.data for part in parts) == JPEG
    assert [part.offset for part in parts] == [0, PUT_BYTES, 2 * PUT_BYTES]
    assert {part.size for part in parts} == {len(JPEG)}


def test_a_still_is_fetched_until_it_is_whole() -> None:
    answers: list[object] = [StillPart(5, 0, b"abc"), StillPart(5, 3, b"de")]

    asked = carried_out(fetch_still(talk(), "r", "ann", 0.0), answers)

    assert answers == [b"abcde"]
    assert [cast("GetStill", step.request).offset for step in asked] == [0, 3]


@pytest.mark.parametrize("second", [StillPart(9, 3, b"de"), StillPart(5, 2, b"cd")])
def test_parts_of_two_stills_are_not_made_one(second: StillPart) -> None:
    answers: list[object] = [StillPart(5, 0, b"abc"), second]

    with pytest.raises(RoomProtocolError, match="two stills"):
        carried_out(fetch_still(talk(), "r", "ann", 0.0), answers)


@pytest.mark.parametrize("text", ["", "????", "AAA"])
def test_what_is_no_base64_is_named(text: str) -> None:
    wire = PutStill("r", "ann", StillPart(9, 0, b"abc")).to_wire()

    with pytest.raises(BadRequest, match="data"):
        PutStill.from_wire({**wire, "data": text})


async def test_a_seat_sends_its_still_and_fetches_anothers() -> None:
    async with RoomWorld().call() as (agent, kiosk):
        await kiosk.service.send_still(JPEG)

        assert await agent.service.still_of("kiosk") == JPEG
