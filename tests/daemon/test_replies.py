from __future__ import annotations

import asyncio

import pytest

from kiosk.daemon.replies import REPLY, Replies, Reply, fits
from kiosk.errors import ControlError, RoomRefused, RoomUnreachable
from kiosk.ports import TextReceived
from tests.daemon.running_kiosk import RunningKiosk, running_kiosk
from tests.fakes.kiosk_world import KioskWorld
from tests.fakes.paper_room import AGENT
from tests.fakes.steady_clock import SteadyClock


WHERE = Reply("Main Street 1", "?where")
PATIENCE = Reply("One moment, please.")
SENT = "send_text Main Street 1 reply"


def told(kiosk: RunningKiosk, text: str, cmd: str = "") -> None:
    kiosk.world.room.tell(TextReceived(AGENT.user_id, AGENT.name, text, cmd))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("?where", "?where"),
        ("?where", "  ?WHERE\n"),
        ("which branch", "Which  branch"),
        ("*", "anything"),
        ("*branch*", "Which branch is this?"),
        ("where*", "where are you"),
        ("*are*you*", "where are you"),
        ("a*a", "aa"),
        ("*a*ab", "aab"),
    ],
)
def test_a_pattern_fits_the_whole_text(pattern: str, text: str) -> None:
    assert fits(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("", ""),
        ("", "anything"),
        ("?where", "?where are you"),
        ("?where", "xwhere"),
        ("where*", "nowhere"),
        ("*where", "where not"),
        ("*you*are*", "where are you"),
        ("a*a", "a"),
    ],
)
def test_a_pattern_fits_no_other_text(pattern: str, text: str) -> None:
    assert not fits(pattern, text)


async def test_the_agents_text_gets_its_configured_reply() -> None:
    async with running_kiosk(replies=(PATIENCE, WHERE)) as kiosk:
        await kiosk.talk()
        told(kiosk, "?where")

        await kiosk.until(lambda: SENT in kiosk.world.room.said, "replied")
        assert kiosk.world.screens.facts.text == "?where"


async def test_nothing_that_a_program_said_is_answered() -> None:
    async with running_kiosk(replies=(Reply("Hello", "*"),)) as kiosk:
        await kiosk.talk()
        told(kiosk, "hello", REPLY)
        told(kiosk, "The microphone is off.", "muted")
        told(kiosk, "hello?")
        await kiosk.until(lambda: "send_text Hello reply" in kiosk.world.room.said, "")

        said = kiosk.world.room.said
        assert [one for one in said if one.startswith("send_text")] == [
            "send_text Hello reply"
        ]


async def test_of_texts_that_come_fast_the_first_is_answered() -> None:
    clock, said = SteadyClock(), list[tuple[str, str]]()

    async def say(text: str, cmd: str) -> None:
        said.append((text, cmd))

    replies = Replies((WHERE,), clock, say)
    asked = TextReceived("anna", "Anna", "?where")
    for seconds in (0.5, 0.4, 0.2):
        await replies.answer(asked)
        clock.move(seconds)
    await replies.answer(asked)

    assert said == [("Main Street 1", REPLY)] * 2


async def test_the_first_reply_that_fits_is_sent() -> None:
    said = list[str]()

    async def say(text: str, _cmd: str) -> None:
        said.append(text)

    replies = Replies((WHERE, Reply("What?", "*")), SteadyClock(), say)
    await replies.answer(TextReceived("anna", "Anna", "?where"))

    assert said == ["Main Street 1"]


async def test_a_reply_that_fails_is_no_failure_of_the_call() -> None:
    world = KioskWorld()
    world.room.fail(SENT, RoomUnreachable("no answer"))
    async with running_kiosk(world, replies=(WHERE,)) as kiosk:
        await kiosk.talk()
        told(kiosk, "?where")
        await kiosk.until(lambda: SENT in world.room.said, "tried")
        await asyncio.sleep(0)

        assert kiosk.state == "IN_CALL"


async def test_a_reply_is_said_by_its_number() -> None:
    async with running_kiosk(replies=(PATIENCE, WHERE)) as kiosk:
        await kiosk.talk()
        await kiosk.daemon.send_reply(2)

        assert SENT in kiosk.world.room.said


@pytest.mark.parametrize("number", [0, 3, -1])
async def test_a_number_without_a_reply_is_refused(number: int) -> None:
    async with running_kiosk(replies=(PATIENCE, WHERE)) as kiosk:
        await kiosk.talk()

        with pytest.raises(ControlError, match=r"\[call\] replies has 2"):
            await kiosk.daemon.send_reply(number)


async def test_a_reply_to_nobody_is_refused() -> None:
    async with running_kiosk(replies=(PATIENCE,)) as kiosk:
        await kiosk.wait_in_room()

        with pytest.raises(RoomRefused, match="nobody"):
            await kiosk.daemon.send_reply(1)
