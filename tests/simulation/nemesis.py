"""
What goes wrong in a simulated evening, one small function a kind of fault.

Each takes the evening and the kiosk whose call it is, returns once its cause is gone,
and draws all its numbers from the evening's seed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kiosk.call.states import State
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.errors import ControlError, RoomError
from kiosk.ports import CaptureBack, CaptureLost, Fault, PeerMoved
from kiosk.room.messages import Dialect
from tests.fakes.kiosk_world import PLUGGED
from tests.simulation.path import Mishap


if TYPE_CHECKING:
    from tests.simulation.evening import Evening
    from tests.simulation.party import Party

Harm = Callable[["Evening", "Party"], Awaitable[None]]


def _mishap(kind: Mishap) -> Harm:
    async def befall(evening: Evening, party: Party) -> None:
        victim = evening.one_of(party)
        victim.path.mishaps.extend([kind] * evening.random.randint(1, 4))

    return befall


async def _server_restarts(evening: Evening, _: Party) -> None:
    evening.server.kill()
    await asyncio.sleep(evening.random.choice([0.3, 2.0, 8.0, 25.0, 50.0]))
    if evening.server.core is None:
        evening.server.start()


async def _rooms_forgotten(evening: Evening, _party: Party) -> None:
    """The server begins anew, again and again; others' media servers go on."""
    evening.relay.lax = True
    for _ in range(evening.random.randint(1, 3)):
        evening.server.forget()
        await asyncio.sleep(evening.random.uniform(2.0, 20.0))
    evening.relay.lax = False


async def _partition(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    victim.path.close()
    await asyncio.sleep(evening.random.choice([0.3, 2.0, 6.0, 12.0, 22.0, 35.0, 50.0]))
    victim.path.open()


async def _unheard(evening: Evening, party: Party) -> None:
    """Media pass and requests do not: a firewall's idea."""
    victim = evening.one_of(party)
    victim.path.is_heard = False
    await asyncio.sleep(evening.random.choice([3.0, 12.0, 30.0, 45.0]))
    victim.path.is_heard = True


async def _identity_withdrawn(evening: Evening, party: Party) -> None:
    """An operator takes an identity off the list, and puts it back."""
    victim = evening.one_of(party)
    if victim.wish.dialect is Dialect.V1:
        return  # it has no logins
    victim.path.is_withdrawn = True
    await asyncio.sleep(evening.random.choice([1.0, 8.0, 20.0, 45.0]))
    victim.path.is_withdrawn = False


async def _everybody_apart(evening: Evening, _: Party) -> None:
    for victim in evening.parties:
        victim.path.close()
    await asyncio.sleep(evening.random.choice([1.0, 8.0, 24.0]))
    for victim in evening.parties:
        victim.path.open()


async def _relay_lost(evening: Evening, _: Party) -> None:
    evening.relay.end_all("connection reset")


async def _relay_deaf(evening: Evening, _: Party) -> None:
    evening.relay.deaf = True
    if evening.random.random() < 0.5:
        evening.relay.end_all("connection reset")
    await asyncio.sleep(evening.random.choice([1.0, 6.0, 20.0]))
    evening.relay.deaf = False


async def _stream_cut(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    for publication in list(evening.relay.publications.values()):
        if publication.path is victim.path:
            evening.relay.end(publication, "connection reset")


async def _picture_freezes(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    frozen = [p for p in evening.relay.publications.values() if p.path is victim.path]
    for publication in frozen:
        publication.is_frozen = True
    evening.relay.changed()
    await asyncio.sleep(evening.random.choice([0.6, 2.0, 10.0, 40.0]))
    for publication in frozen:
        publication.is_frozen = False
    evening.relay.changed()


async def _speaker_lost_in_silence(evening: Evening, party: Party) -> None:
    """The agent is not seen, and then cannot be played any more."""
    agent = evening.agent
    if agent is None or agent is party:
        return
    sent = [p for p in evening.relay.publications.values() if p.path is agent.path]
    for publication in sent:
        publication.is_frozen = True
    evening.relay.changed()
    await evening.until_in(party, State.GRACE)
    party.devices.broken[Fault.SPEAKER] = "D001 speaker gone"
    evening.relay.end_plays(party.path)
    await asyncio.sleep(6.0)
    party.devices.broken.pop(Fault.SPEAKER, None)
    for publication in sent:
        publication.is_frozen = False
    evening.relay.changed()


def _lost_in_call(device: str) -> Harm:
    async def befall(evening: Evening, party: Party) -> None:
        fault = Fault(device)
        victim = evening.one_of(party)
        victim.devices.broken[fault] = f"D001 {device} gone"
        life = victim.life
        pusher = life.media.pusher if life else None
        if pusher is not None and victim.devices.camera_open:
            pusher.tell(CaptureLost(device, "gone"))
        await asyncio.sleep(evening.random.choice([0.5, 5.0, 15.0]))
        victim.devices.broken.pop(fault, None)
        if pusher is not None:
            pusher.tell(CaptureBack(device))

    return befall


async def _camera_slow(evening: Evening, party: Party) -> None:
    party.devices.closing_s = 0.9
    await asyncio.sleep(evening.random.uniform(5.0, 30.0))
    party.devices.closing_s = 0.1


async def _presses(evening: Evening, party: Party) -> None:
    buttons = ["call", "call", "hangup", "mute", "mute"]
    for _ in range(evening.random.randint(2, 6)):
        party.press(evening.random.choice(buttons))
        await asyncio.sleep(evening.random.choice([0.0, 0.0, 0.05, 0.4]))


async def _double_press(_evening: Evening, party: Party) -> None:
    party.press("call")
    party.press("call")


async def _killed(evening: Evening, party: Party) -> None:
    await _kill(evening, evening.one_of(party))


async def _killed_again(evening: Evening, party: Party) -> None:
    for _ in range(evening.random.randint(2, 5)):
        await _kill(evening, party, longest_s=3.0)
        await asyncio.sleep(evening.random.uniform(0.5, 5.0))


async def _kill(evening: Evening, victim: Party, longest_s: float = 60.0) -> None:
    if victim.life is None:
        return
    await victim.kill()
    pauses = [0.4, 2.0, 2.0, 5.0, 15.0, 24.0, 45.0]
    await asyncio.sleep(min(longest_s, evening.random.choice(pauses)))
    if victim.life is None:
        victim.start()


async def _stopped(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    if victim.life is None:
        return
    took_s = await victim.stop()
    if took_s > 5.0:
        evening.broken(f"{victim.wish.name}: stopping took {took_s:.1f} s")
    await asyncio.sleep(evening.random.choice([0.5, 4.0]))
    if victim.life is None:
        victim.start()


async def _clock_jumps(evening: Evening, party: Party) -> None:
    jumps = [3_600.0, -3_600.0, 86_400.0 * 400, -86_400.0 * 400, 75.0, -75.0]
    jump = evening.random.choice(jumps)
    if evening.random.random() < 0.5:
        evening.server.wall_s += jump
    else:
        evening.one_of(party).clock.turned_s += jump


async def _told_again(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    for _ in range(evening.random.randint(1, 4)):
        life = victim.life
        if life is not None and life.service.told:
            life.service.tell_again(evening.random.choice(life.service.told))
        await asyncio.sleep(evening.random.uniform(0.1, 4.0))


async def _old_move_told_again(evening: Evening, party: Party) -> None:
    """Of a call before, to whoever waits for the next one to be answered."""
    await evening.until_in(party, State.WAITING)
    life = party.life
    moves = [n for n in life.service.told if isinstance(n, PeerMoved)] if life else []
    if life is not None and moves:
        life.service.tell_again(evening.random.choice(moves))


async def _display_gone(evening: Evening, party: Party) -> None:
    party.panel = DisplayFacts(missing="no display is connected")
    await asyncio.sleep(evening.random.choice([1.5, 10.0, 40.0]))
    party.panel = PLUGGED


async def _branch_closes(evening: Evening, party: Party) -> None:
    victim = evening.one_of(party)
    victim.hours = False
    if evening.random.random() < 0.4:
        await _kill(evening, victim, longest_s=20.0)
    await asyncio.sleep(evening.random.choice([2.0, 20.0, 60.0]))
    victim.hours = True


async def _still_asked(evening: Evening, party: Party) -> None:
    agent = evening.agent
    life = agent.life if agent is not None else None
    if agent is None or life is None or agent.state is not State.IN_CALL:
        return
    answer = evening.random.choice(["call", "mute", "hangup", ""])

    async def ask() -> None:
        with suppress(RoomError, ControlError):  # the customer is not obliged
            await life.daemon.ask_still()

    evening.begin(ask())
    await asyncio.sleep(evening.random.uniform(0.5, 3.0))
    if answer:
        party.press(answer)


async def _agent_hangs_up(evening: Evening, _: Party) -> None:
    if evening.agent is not None:
        evening.agent.press("hangup")


async def _agent_away(evening: Evening, party: Party) -> None:
    agent = evening.agent
    if agent is None or agent.life is None or agent is party:
        return
    await agent.stop()
    await asyncio.sleep(evening.random.choice([5.0, 30.0, 90.0]))
    if agent.life is None:
        agent.start()


async def _agent_kept_waiting(evening: Evening, party: Party) -> None:
    """The agent finds its room full, and then nobody who could tell of a free seat."""
    agent = evening.agent
    if agent is None or agent.life is None or agent is party:
        return
    await agent.stop()
    await asyncio.sleep(evening.random.choice([5.0, 15.0, 30.0]))
    if agent.life is None:
        agent.start()
    await evening.until_in(agent, State.QUEUED)
    if agent.state is State.QUEUED:
        evening.server.kill()
        await asyncio.sleep(240.0)
        if evening.server.core is None:
            evening.server.start()


async def _room_destroyed(evening: Evening, _: Party) -> None:
    core = evening.server.core
    for room in list(core.rooms.listed(evening.room_type)) if core else ():
        assert core is not None
        core.rooms.destroy(room.room_id, room.creator)


async def _member_put_out(evening: Evening, party: Party) -> None:
    """The server forgets one member, as an operator or a bug would have it."""
    victim = evening.one_of(party)
    for _ in range(evening.random.choice([1, 1, 2, 3])):
        _put_out(evening, victim)
        await asyncio.sleep(evening.random.uniform(3.0, 15.0))


async def _member_kept_out(evening: Evening, party: Party) -> None:
    """
    It is forgotten again as soon as it is back, until it believes it.

    Its streams go on: with others' media servers it learns that from its requests alone.
    """
    victim = evening.one_of(party)
    evening.relay.lax = True
    for _ in range(evening.random.randint(6, 14)):
        _put_out(evening, victim)
        await asyncio.sleep(evening.random.uniform(0.3, 2.5))
    evening.relay.lax = False


def _put_out(evening: Evening, victim: Party) -> None:
    core = evening.server.core
    for room in list(core.rooms.listed(evening.room_type)) if core else ():
        seat = room.seat_of(evening.user_id_of(victim))
        if core is not None and seat is not None:
            core.rooms.leave(room.room_id, seat.user_id)


FAULTS: Final[Mapping[str, Harm]] = {
    "request lost": _mishap(Mishap.LOST),
    "answer lost": _mishap(Mishap.ANSWER_LOST),
    "request twice": _mishap(Mishap.TWICE),
    "request late": _mishap(Mishap.LATE),
    "server busy": _mishap(Mishap.BUSY),
    "server restarts empty": _server_restarts,
    "rooms forgotten": _rooms_forgotten,
    "partition": _partition,
    "requests unheard": _unheard,
    "identity withdrawn": _identity_withdrawn,
    "everybody apart": _everybody_apart,
    "relay lost": _relay_lost,
    "relay deaf": _relay_deaf,
    "stream cut": _stream_cut,
    "picture freezes": _picture_freezes,
    "camera lost": _lost_in_call("camera"),
    "microphone lost": _lost_in_call("microphone"),
    "speaker lost": _lost_in_call("speaker"),
    "speaker lost in silence": _speaker_lost_in_silence,
    "camera closes slowly": _camera_slow,
    "buttons mashed": _presses,
    "double press": _double_press,
    "killed": _killed,
    "killed again and again": _killed_again,
    "stopped": _stopped,
    "wall clock jumps": _clock_jumps,
    "old notice again": _told_again,
    "old move told again": _old_move_told_again,
    "display unplugged": _display_gone,
    "branch closes": _branch_closes,
    "still asked for": _still_asked,
    "agent hangs up": _agent_hangs_up,
    "agent away": _agent_away,
    "agent kept waiting": _agent_kept_waiting,
    "room destroyed": _room_destroyed,
    "member put out": _member_put_out,
    "member kept out": _member_kept_out,
}
