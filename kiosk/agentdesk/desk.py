"""
The desk: all stations, who waits, and every call from answer to end.

1. A waiting kiosk is answered once: the first to press has it, before anything is asked
   of the room service; whoever presses later is told who.  Where several processes
   share a line the room's seats decide, and the later one is told too.
2. An agent has one call.  A page that is closed or reloaded in a call has some seconds
   to come back into it.
3. A call is handed over to somebody who accepts, and stays where it is until his stream
   is up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Never

from kiosk.agentdesk.call_news import CallNews, ended, ended_for
from kiosk.agentdesk.call_values import Agent, End, Patience
from kiosk.agentdesk.calls import DeskCall, Share
from kiosk.agentdesk.line import Line
from kiosk.agentdesk.line_watch import LineWatch
from kiosk.agentdesk.ports import Lobby, Waiting
from kiosk.agentdesk.stations import Station, Stations
from kiosk.errors import RoomError


log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
RETURN_S: Final = 20.0
OFFER_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class DeskTimes:
    """
    In seconds.

    Attributes:
        look_s: Between two looks at who waits.
        return_s: For how long an agent without a page keeps his call.
        offer_s: How long a call is offered to the agent it shall go to.

    """

    look_s: float = LOOK_S
    return_s: float = RETURN_S
    offer_s: float = OFFER_S
    patience: Patience = field(default_factory=Patience)


class Refusal(Exception):
    """
    What an agent asked for cannot be; the page is told why.

    Attributes:
        why: A word the page has a text for.
        name: Who is in the way, if somebody is.

    """

    def __init__(self, why: str, name: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.name = name


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """What an agent pressed, from then to the end of its call; no two are equal."""

    call_id: str
    wait: Waiting
    agent: Agent


class Desk:
    """
    Everything agents share.

    Args:
        lobby: Where kiosks wait.
        rooms: Patterns of labels that are for agents.
        now: Monotonic seconds.
        new_id: Names calls.

    """

    def __init__(
        self,
        lobby: Lobby,
        rooms: tuple[str, ...],
        *,
        now: Callable[[], float],
        new_id: Callable[[], str],
        times: DeskTimes | None = None,
    ) -> None:
        self._lobby, self._new_id = lobby, new_id
        self._times = times or DeskTimes()
        self._stations = Stations()
        self._news = CallNews(self._stations)
        self._answered: dict[str, _Answer] = {}
        self._group: asyncio.TaskGroup | None = None
        self.now = now
        self.line = Line(rooms)
        look_s = self._times.look_s
        self._watch = LineWatch(lobby, self.line, now=now, look_s=look_s)

    async def run(self) -> Never:
        """Look who waits, and be in all calls, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._watch.run(self._stations.wake)
        raise AssertionError("a desk ends by cancellation")

    @property
    def stations(self) -> tuple[Station, ...]:
        """Those of agents who are here, or are waited for."""
        return self._stations.all

    def answered_by(self, key: str) -> Agent | None:
        """Return who answers the wait of a key."""
        answer = self._answered.get(key)
        return answer.agent if answer else None

    @property
    def is_blind(self) -> bool:
        """Whether it has not been seen for some time who waits."""
        return self._watch.is_blind

    def share_of(self, agent_id: str, call_id: str) -> Share | None:
        """Return an agent's share in the call of an id."""
        station = self._stations.find(agent_id)
        call = station.call if station else None
        if call is None or call.call_id != call_id:
            return None
        return call.share_of(agent_id)

    def sit_down(self, agent: Agent) -> Station:
        """Let an agent open a page; one he had before is told nothing any more."""
        station = self._stations.of(agent)
        station.sit_down()
        self._stations.wake()
        return station

    def get_up(self, station: Station, page: int) -> None:
        """Note that a page is closed; a call waits some seconds for the next one."""
        if page != station.page:
            return
        station.is_open = False
        if station.offer is not None:
            self.decline(station)
        if station.call is None:
            self._take_back(station.agent)
            self._stations.forget(station)
        else:
            _later(self._times.return_s, lambda: self._give_up(station, page))
        self._stations.wake()

    def dismiss(self, agent_id: str) -> None:
        """Let an agent go who logged out, and end his call."""
        station = self._stations.find(agent_id)
        if station is not None:
            self.decline(station)
            self.hang_up(station)
            station.get_up()
            self._stations.forget(station)
            self._stations.wake()

    def answer(self, station: Station, key: str) -> None:
        """
        Answer who waits.

        Raises:
            Refusal: Somebody else does, or nobody waits, or the agent is busy.

        """
        if station.call is not None or self._answers_of(station.agent):
            raise Refusal("busy")
        other = self.answered_by(key)
        if other is not None:
            raise Refusal("answered", other.name)
        wait = self.line.find(key)
        if wait is None:
            raise Refusal("gone")
        answer = self._answered[key] = _Answer(self._new_id(), wait, station.agent)
        station.muted = False
        assert self._group is not None, "a page came before the desk ran"
        self._group.create_task(self._be_in(station, answer), name="desk call")

    def hang_up(self, station: Station) -> None:
        """End the agent's call; who was about to take it over only steps back."""
        call, station.call = station.call, None
        if call is None:
            self._take_back(station.agent)
            return
        if call.taker is not None and call.taker.agent == station.agent:
            call.step_back()
            self._tell_declined(call, station.agent)
        else:
            call.finish(End.HUNG_UP)
        station.note(ended(End.HUNG_UP))
        self._stations.wake()

    def hand_over(self, station: Station, agent_id: str) -> None:
        """
        Offer the agent's call to another agent.

        Raises:
            Refusal: There is no call, or the other is not free.

        """
        call, other = station.call, self._stations.find(agent_id)
        if call is None or call.holder.agent != station.agent or call.is_passing:
            raise Refusal("no_call")
        if other is None or not other.is_free:
            raise Refusal("not_free", other.agent.name if other else "")
        other.offer, call.offered_to = call, other.agent
        _later(self._times.offer_s, lambda: self._withdraw(other, call))
        self._stations.wake()

    def take(self, station: Station) -> None:
        """
        Take over what is offered.

        Raises:
            Refusal: Nothing is.

        """
        call, station.offer = station.offer, None
        if call is None:
            raise Refusal("no_call")
        call.offered_to, station.muted = None, False
        call.offer_to(station.agent)
        station.call, share = call, call.taker
        assert share is not None, "it was offered just now"
        _later(self._times.patience.stream_s, lambda: call.drop(share))
        self._stations.wake()

    def decline(self, station: Station) -> None:
        """Refuse what is offered; nothing offered is fine."""
        call, station.offer = station.offer, None
        if call is not None:
            call.offered_to = None
            self._tell_declined(call, station.agent)
        self._stations.wake()

    async def say(self, station: Station, text: str, cmd: str = "") -> None:
        """
        Send a text to the kiosk.

        Raises:
            Refusal: There is no call, or it did not leave.

        """
        if station.call is None:
            raise Refusal("no_call")
        try:
            await station.call.say(text, cmd)
        except RoomError as error:
            log.info("text of an agent not sent", extra={"reason": str(error)})
            raise Refusal("not_sent") from None

    def _tell_declined(self, call: DeskCall, by: Agent) -> None:
        declined = {"say": "notice", "why": "declined", "name": by.name}
        self._stations.tell(call.holder.agent, declined)

    def _answers_of(self, agent: Agent) -> tuple[_Answer, ...]:
        return tuple(one for one in self._answered.values() if one.agent == agent)

    def _take_back(self, agent: Agent) -> None:
        """Let a kiosk be answered by others whose agent went before there was a call."""
        for answer in self._answers_of(agent):
            del self._answered[answer.wait.key]
        self._stations.wake()

    def _is_meant(self, answer: _Answer) -> bool:
        return self._answered.get(answer.wait.key) is answer

    async def _be_in(self, station: Station, answer: _Answer) -> None:
        agent, call_id, wait = answer.agent, answer.call_id, answer.wait
        facts = {"call": call_id, "agent": agent.agent_id, "kiosk": wait.user_id}
        log.info("desk call answered", extra=facts)
        call: DeskCall | None = None
        end, patience = End.FAILED, self._times.patience
        try:
            async with self._lobby.party(agent.name, wait.room_type) as party:
                if not self._is_meant(answer):
                    log.info("answer taken back", extra=facts)
                    return
                call = DeskCall(
                    call_id, wait, party, agent, watch=self._news, patience=patience
                )
                station.call = call
                self._stations.wake()
                end = await call.run()
        except Exception:
            # The end of this call's line: the others, and the server, go on.
            log.exception("desk call failed", extra=facts)
        finally:
            if self._is_meant(answer):
                del self._answered[wait.key]
                if call is None:
                    station.note(ended(end))
            if call is not None:
                reason = {"end": end.value, "reason": call.reason}
                log.info("desk call ended", extra={**facts, **reason})
                self._free(call, end)

    def _free(self, call: DeskCall, end: End) -> None:
        for station in self.stations:
            if station.call is call or station.offer is call:
                station.call = None if station.call is call else station.call
                station.offer = None if station.offer is call else station.offer
                station.note(ended_for(station.agent, call, end))
                if not station.is_open:
                    self._stations.forget(station)
        self._stations.wake()

    def _give_up(self, station: Station, page: int) -> None:
        if station.page == page and not station.is_open:
            self.hang_up(station)
            self._stations.forget(station)

    def _withdraw(self, station: Station, call: DeskCall) -> None:
        if station.offer is call:
            self.decline(station)


def _later(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)
