"""Carries room scripts out in virtual time against prepared answers."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar, cast

from kiosk.errors import RoomError
from kiosk.room.im_requests import ImRequest
from kiosk.room.messages import Bearer, Credentials, Request
from kiosk.room.script import Ask, AskGateway, Fact, Outcome, Pause, Script, Step, Tell


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slow:
    """An answer that takes its time."""

    seconds: float
    answer: object


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that was sent; the IM gateway's routes begin with ``im_``."""

    at: float
    route: str
    request: Request[object] | ImRequest[object]
    credentials: Credentials | Bearer | None
    deadline_s: float
    query: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""


class ScriptPlayer:
    """
    Answers each route from its own queue; the last answer stays.

    An answer may be an error, a :class:`Slow` one, a value as ``read_answer``
    returns it, or a function of the request that returns one of these.
    """

    def __init__(self, **answers: object) -> None:
        self.now = 1000.0
        self.asked: list[Asked] = []
        self.facts: list[Fact] = []
        self.pauses: list[float] = []
        self._answers: dict[str, list[object]] = {}
        for route, answer in answers.items():
            self.answer(route, answer)

    @property
    def routes(self) -> list[str]:
        return [asked.route for asked in self.asked]

    def times(self, route: str) -> list[float]:
        """Return when a route was asked, in seconds since the start."""
        return [asked.at - 1000.0 for asked in self.asked if asked.route == route]

    def answer(self, route: str, answer: object) -> None:
        """Set the answers of a route from now on."""
        queue = cast("list[object]", answer) if isinstance(answer, list) else [answer]
        self._answers[route] = list(queue)

    def play(self, script: Script[T]) -> T:
        """Carry one script out to its end."""
        outcome = None
        while True:
            try:
                step = next(script) if outcome is None else script.send(outcome)
            except StopIteration as end:
                return cast("T", end.value)
            self.now, outcome = self._carry_out(step)

    def play_together(self, scripts: Iterable[Script[None]], seconds: float) -> None:
        """Carry scripts out side by side for a while, then close them."""
        end = self.now + seconds
        order = count()
        alive = list(scripts)
        due = [(self.now, next(order), script, None) for script in alive]
        heap = cast("list[tuple[float, int, Script[None], Outcome | None]]", due)
        while heap and heap[0][0] <= end:
            self.now, _, script, outcome = heapq.heappop(heap)
            try:
                step = next(script) if outcome is None else script.send(outcome)
            except StopIteration:
                continue
            at, outcome = self._carry_out(step)
            heapq.heappush(heap, (at, next(order), script, outcome))
        self.now = end
        for script in alive:
            script.close()

    def _carry_out(self, step: Step) -> tuple[float, Outcome]:
        match step:
            case Pause(seconds):
                self.pauses.append(seconds)
                at = self.now + seconds
                return at, Outcome(at)
            case Tell(fact):
                self.facts.append(fact)
                return self.now, Outcome(self.now)
            case Ask(request, credentials, deadline_s):
                route = request.ROUTE
                asked = Asked(
                    self.now,
                    route,
                    request,
                    credentials,
                    deadline_s,
                    request_id=step.request_id,
                )
                self.asked.append(asked)
                return self._reply(route, request)
            case AskGateway(command, query, deadline_s):
                route = f"im_{command.ROUTE}"
                asked = Asked(self.now, route, command, None, deadline_s, query)
                self.asked.append(asked)
                return self._reply(route, command)

    def _reply(self, route: str, request: object) -> tuple[float, Outcome]:
        queue = self._answers[route]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        at = self.now
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Slow):
            at, answer = at + answer.seconds, answer.answer
        if isinstance(answer, RoomError):
            return at, Outcome(at, error=answer)
        return at, Outcome(at, answer)
