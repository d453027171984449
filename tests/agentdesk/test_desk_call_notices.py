"""What a room tells a desk's call, and what the agent's page makes of it."""

from __future__ import annotations

import asyncio

from kiosk import ports
from kiosk.agentdesk.call_values import Agent, End, Stage
from kiosk.agentdesk.calls import DeskCall
from kiosk.ports import Peer, RoomNotice
from tests.fakes.desk_party import KIOSK, WAIT, PaperParty, Watch


async def told(*notices: RoomNotice) -> tuple[DeskCall, Watch, End | None]:
    """Return a call that was told all that, and how it ended, if it did."""
    party, watch = PaperParty(), Watch()
    call = DeskCall("c1", WAIT, party, Agent("anna", "Anna"), watch=watch)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await call.holder.published(await call.holder.push_url())
        for notice in (ports.PeerJoined(KIOSK), *notices):
            party.tell(notice)
        await asyncio.sleep(0.01)
        ended = running.result() if running.done() else None
        call.finish(End.HUNG_UP)
    return call, watch, ended


async def test_a_lost_stream_interrupts_and_a_new_one_goes_on() -> None:
    lost = ports.PeerStreamLost("kiosk")

    assert (await told(lost))[0].stage is Stage.INTERRUPTED
    assert (await told(lost, ports.PeerMoved(KIOSK)))[0].stage is Stage.IN_CALL


async def test_a_kiosk_that_vanished_is_lost_and_one_that_left_hung_up() -> None:
    silent = ports.PeerLeft("kiosk", hung_up=False)

    assert (await told(silent))[2] is End.KIOSK_LOST
    assert (await told(ports.PeerLeft("kiosk")))[2] is End.KIOSK_HUNG_UP


async def test_a_room_that_ended_is_a_hang_up_and_one_we_lost_a_failure() -> None:
    ended = ports.RoomClosed("over", room_ended=True)
    call, _, end = await told(ports.RoomClosed("twice within a minute"))

    assert (await told(ended))[2] is End.KIOSK_HUNG_UP
    assert (end, call.reason) == (End.FAILED, "twice within a minute")


async def test_somebody_else_in_the_room_is_not_the_kiosk() -> None:
    other = Peer("other", "Other", "rtmp://h/live/o")
    call, _, end = await told(
        ports.PeerJoined(other),
        ports.PeerStreamLost("other"),
        ports.PeerLeft("other"),
    )

    assert (call.stage, call.wait.name, end) == (Stage.IN_CALL, "Seven", None)


async def test_troubles_are_shown_until_they_are_over_and_are_no_texts() -> None:
    broken = ports.TextReceived("kiosk", "Seven", "one moment", "reconnecting")
    back = ports.TextReceived("kiosk", "Seven", "back", "back")

    assert (await told(broken))[0].trouble == "reconnecting"
    call, watch, _ = await told(broken, back)
    assert (call.trouble, watch.texts) == ("", [])


async def test_a_configured_reply_is_a_text() -> None:
    reply = ports.TextReceived("kiosk", "Seven", "Window 3", "reply")

    assert (await told(reply))[1].texts == ["Window 3"]


async def test_that_a_call_is_recorded_is_known_while_it_is() -> None:
    begins, ends = ports.RecordingChanged(is_on=True), ports.RecordingChanged(False)

    assert (await told(begins))[0].is_recorded
    assert not (await told(begins, ends))[0].is_recorded


async def test_a_stream_the_service_forgot_has_the_page_begin_anew() -> None:
    party = PaperParty()
    call = DeskCall("c1", WAIT, party, Agent("anna", "Anna"), watch=Watch())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(call.run())
        await call.holder.published(await call.holder.push_url())
        turn = call.holder.begin()
        party.tell(ports.StreamForgotten())

        assert turn.is_set()
        assert not running.done()
        call.finish(End.HUNG_UP)
