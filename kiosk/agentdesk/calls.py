"""
One call with a kiosk, from an agent's answer to its end, through all who take it over.

To the room it is one party for its whole life: one userID, one seat.  Who hands over
keeps that seat; the next agent's stream *moves* it, as every party's stream moves that
comes back with a new one, so that the kiosk sees another picture and name, and no
hang-up (README).  What becomes of pictures and sounds is for :mod:`.media_socket`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from kiosk import ports
from kiosk.agentdesk.call_values import (
    MUTES,
    TROUBLES,
    Agent,
    End,
    Fault,
    Patience,
    Stage,
)
from kiosk.agentdesk.line import label_to_open
from kiosk.agentdesk.ports import Party, Waiting
from kiosk.errors import (
    LoginRefused,
    NotAMember,
    RoomError,
    RoomFull,
    RoomNotFound,
    RoomRefused,
    RoomUnreachable,
)
from kiosk.ports import Peer, RoomNotice, Seat


_SEAT_IS_GONE: Final = (RoomFull, RoomNotFound, NotAMember, LoginRefused)


class CallWatch(Protocol):
    """Who is told of a call's changes."""

    def changed(self, call: DeskCall) -> None:
        """Look at the call again."""
        ...

    def said(self, call: DeskCall, name: str, text: str) -> None:
        """Show a text the kiosk sent."""
        ...

    def passed(self, call: DeskCall, before: Agent) -> None:
        """Note that another agent has the call now."""
        ...

    def not_taken(self, call: DeskCall, taker: Agent) -> None:
        """Note that somebody could not take the call over."""
        ...


class DeskCall:
    """
    A call and its party.

    Args:
        call_id: Names it.
        wait: Whom it answers.
        party: Ours; entered and left by the owner.
        agent: Who answers.
        watch: Told of changes.

    Attributes:
        holder: The share of the agent who has the call.
        taker: That of one about to take it over, if there is one.
        offered_to: Who was asked whether he takes it over, and has not said.
        is_recorded: Whether a recorder takes it just now.
        reason: Why it failed, in words for a log.

    """

    def __init__(
        self,
        call_id: str,
        wait: Waiting,
        party: Party,
        agent: Agent,
        *,
        watch: CallWatch,
        patience: Patience | None = None,
    ) -> None:
        self.call_id = call_id
        self.wait = wait
        self.holder = Share(self, agent)
        self.taker: Share | None = None
        self.offered_to: Agent | None = None
        self.stage = Stage.CONNECTING
        self.kiosk_muted = False
        self.trouble = ""
        self.is_recorded = False
        self.reason = ""
        self._party = party
        self._watch = watch
        self._patience = patience or Patience()
        self._found: Seat | None = None
        self._is_found = asyncio.Event()
        self._is_seated = False
        self._news = asyncio.Event()
        self._end: End | None = None
        self._peer: Peer | None = None
        self._moving = asyncio.Lock()
        self._is_astray = False
        self._fault = Fault(self._patience.faults_s)

    async def run(self) -> End:
        """Be in the call until it is over, and return why it is."""
        try:
            self._found = await self._find_seat()
        except RoomError as error:
            self._fail(error)
        self._is_found.set()
        most = self._patience
        await self._wait_until(lambda: self._is_seated, most.stream_s, End.NO_STREAM)
        await self._wait_until(lambda: self._peer is not None, most.kiosk_s, End.GONE)
        while self._end is None:
            self._news.clear()
            await self._news.wait()
        return self._end

    @property
    def is_passing(self) -> bool:
        """Whether somebody is asked to take it over, or does."""
        return self.offered_to is not None or self.taker is not None

    def finish(self, end: End) -> None:
        """End the call; the first reason stays."""
        if self._end is None:
            self._end = end
            self._news.set()
            self._is_found.set()
            for share in (self.holder, self.taker):
                if share is not None:
                    share.end()

    def share_of(self, agent_id: str) -> Share | None:
        """Return an agent's share, if he has one."""
        for share in (self.holder, self.taker):
            if share is not None and share.agent.agent_id == agent_id:
                return share
        return None

    def offer_to(self, agent: Agent) -> None:
        """Let somebody begin to take the call over."""
        self.taker = Share(self, agent)

    def step_back(self) -> None:
        """Let nobody take the call over any more; it stays with who has it."""
        taker, self.taker = self.taker, None
        if taker is None:
            return
        taker.end()
        if self._is_astray:  # the kiosk may have been told of his stream
            self._is_astray = False
            self._party.rename(self.holder.agent.name)
            self.holder.again()

    def drop(self, share: Share) -> None:
        """Give up who is still about to take the call over, and say so."""
        if share is self.taker:
            self.step_back()
            self._watch.not_taken(self, share.agent)

    async def say(self, text: str, cmd: str = "") -> None:
        """
        Send the kiosk a text.

        Raises:
            RoomError: It did not leave.

        """
        await self._party.send_text(text, cmd)

    async def push_url_for(self, share: Share) -> str:
        """Return where a share may publish."""
        self._refuse_stranger(share)
        await self._is_found.wait()
        self._refuse_stranger(share)
        try:
            if self._is_seated:
                return await self._party.new_push_url()
            found, self._found = self._found, None
            return (found or await self._find_seat()).push_url
        except RoomError as error:
            raise self._judged(share, error) from None

    async def published_by(self, share: Share, push_url: str) -> None:
        """Take the seat with a share's stream, or move it there."""
        async with self._moving:
            self._refuse_stranger(share)
            try:
                if self._is_seated:
                    await self._move(share, push_url)
                else:
                    await self._sit_down(push_url)
            except RoomError as error:
                raise self._judged(share, error) from None

    async def play_url_for(self, share: Share) -> str:
        """Return where the kiosk is played."""
        self._refuse_stranger(share)
        if self._peer is None:
            raise RoomUnreachable("the kiosk is not there yet")
        return await self._party.play_url(self._peer.user_id)

    async def _find_seat(self) -> Seat:
        if self.wait.room_id:
            return await self._party.seat_in(self.wait.room_id)
        return await self._party.new_seat(label_to_open(self.wait.label))

    async def _sit_down(self, push_url: str) -> None:
        room_id, label = self.wait.room_id, self.wait.label
        label = label if room_id else label_to_open(label)
        seat = Seat(room_id, label, create=not room_id, push_url=push_url)
        await self._party.take_seat(seat, self._take)
        self.stage = Stage.IN_CALL if self._peer else Stage.COMING
        self._is_seated = True
        self._news.set()
        self._watch.changed(self)

    async def _move(self, share: Share, push_url: str) -> None:
        self._is_astray |= share is self.taker
        self._party.rename(share.agent.name)
        await self._party.move_stream(push_url)
        self._refuse_stranger(share)  # who stepped back meanwhile
        self._is_astray = False
        self._fault.is_over()
        if share is self.taker:
            before, self.holder, self.taker = self.holder, share, None
            before.end()
            self._watch.passed(self, before.agent)

    def _take(self, notice: RoomNotice) -> None:
        match notice:
            case ports.PeerJoined(peer) | ports.PeerMoved(peer):
                self._meet(peer)
            case ports.PeerStreamLost(user_id) if self._is_kiosk(user_id):
                self.stage = Stage.INTERRUPTED
            case ports.PeerLeft(user_id, hung_up) if self._is_kiosk(user_id):
                self.finish(End.KIOSK_HUNG_UP if hung_up else End.KIOSK_LOST)
            case ports.RoomClosed(reason, room_ended):
                self.reason = reason
                self.finish(End.KIOSK_HUNG_UP if room_ended else End.FAILED)
            case ports.StreamForgotten():
                self.holder.again()
            case ports.RecordingChanged(is_on):
                self.is_recorded = is_on
            case ports.TextReceived(_, name, text, cmd):
                self._hear(name, text, cmd)
            case _:
                return  # of somebody else in the room
        self._watch.changed(self)

    def _meet(self, peer: Peer) -> None:
        if self._peer is not None and not self._is_kiosk(peer.user_id):
            return
        self._peer = peer
        if peer.user_id != self.wait.user_id:  # another one was first in line
            name = peer.name
            self.wait = replace(self.wait, user_id=peer.user_id, name=name, branch="")
        self.stage = Stage.IN_CALL
        self._news.set()
        for share in (self.holder, self.taker):
            if share is not None:
                share.moved()

    def _hear(self, name: str, text: str, cmd: str) -> None:
        if cmd in MUTES:
            self.kiosk_muted = MUTES[cmd]
        elif cmd in TROUBLES:
            self.trouble = cmd if TROUBLES[cmd] else ""
        else:
            self._watch.said(self, name, text)

    def _is_kiosk(self, user_id: str) -> bool:
        return self._peer is not None and self._peer.user_id == user_id

    def _judged(self, share: Share, error: RoomError) -> RoomError:
        """
        Return what a fault of a share's stream means.

        Only a seat that is gone, or a fault that lasts, ends a call; a taker's never.
        """
        now = asyncio.get_running_loop().time()
        if self._end is not None or share not in (self.holder, self.taker):
            return error
        if share is self.taker:
            if not isinstance(error, RoomRefused):
                return RoomUnreachable(str(error))
            self.drop(share)
        elif (
            not self._is_seated
            or isinstance(error, _SEAT_IS_GONE)
            or self._fault.lasts(now)
        ):
            self._fail(error)
        else:
            return RoomUnreachable(str(error))
        return error

    def _fail(self, error: RoomError) -> None:
        self.reason = str(error)
        self.finish(_end_by(error))

    def _refuse_stranger(self, share: Share) -> None:
        if self._end is not None or share not in (self.holder, self.taker):
            raise NotAMember("desk", 0, "this agent's call is over")

    async def _wait_until(
        self, is_true: Callable[[], bool], patience_s: float, end: End
    ) -> None:
        """Wait for that, or the end of the call; too long, and it ends so."""
        try:
            async with asyncio.timeout(patience_s):
                while not (is_true() or self._end is not None):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self.finish(end)


def _end_by(error: RoomError) -> End:
    match error:
        case RoomFull():
            return End.TAKEN
        case RoomNotFound():
            return End.GONE
        case _:
            return End.FAILED


class Share:
    """One agent's share in a call: a :class:`~kiosk.agentdesk.media_ports.MediaCall`."""

    def __init__(self, call: DeskCall, agent: Agent) -> None:
        self.agent = agent
        self._call = call
        self._on_moved: Callable[[], None] | None = None
        self._turn = asyncio.Event()
        self._is_over = False

    @property
    def call_id(self) -> str:
        """Name the call."""
        return self._call.call_id

    async def push_url(self) -> str:
        """Return where to publish."""
        return await self._call.push_url_for(self)

    async def published(self, push_url: str) -> None:
        """Take the seat, or move it here."""
        await self._call.published_by(self, push_url)

    async def play_url(self) -> str:
        """Return where the kiosk is played."""
        return await self._call.play_url_for(self)

    def on_moved(self, moved: Callable[[], None]) -> None:
        """Have a call made whenever the kiosk's stream is another one."""
        self._on_moved = moved

    def begin(self) -> asyncio.Event:
        """Begin to carry pictures and sounds; return what is set when that is over."""
        self._turn.set()  # a page that was loaded anew takes over from itself
        self._turn = asyncio.Event()
        if self._is_over:
            self._turn.set()
        return self._turn

    def again(self) -> None:
        """Have the page begin anew: its stream is to be announced once more."""
        self._turn.set()

    def end(self) -> None:
        """Carry nothing any more."""
        self._is_over = True
        self._turn.set()

    def moved(self) -> None:
        """Make that call."""
        if self._on_moved is not None:
            self._on_moved()
