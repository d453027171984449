"""
The one definition of a healthy kiosk, for whoever decides on it without a person.

A new set of configuration and a new system image are both kept or taken back by it, so
there is one only.  A kiosk is healthy

1. once it has been ready for :data:`STEADY_S` and the room service answered it since
   it started: a login, or the question it asks while idle; or
2. once it has been ready, idle and in every other way well for :data:`OFFLINE_S`, while
   there was demonstrably no network: this machine has a network card, and no card has a
   carrier.  Without any card, or with a cable and no answer, nothing is proven: what is
   judged here may be what broke it.  A wireless card that finds no access point looks
   the same as one whose driver broke: who had a network before passes
   ``had_network=True``, and the second rule does not apply.

Where what is judged was given to a kiosk that runs, both count from then: before, it
vouches for what it had.

Never healthy is a kiosk that is not set up.  Nothing is changed here, and nothing but the
control socket and ``/sys/class/net`` is asked; who composes the program hands the
socket's client over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kiosk.errors import KioskError


STEADY_S: Final = 20.0
OFFLINE_S: Final = 600.0
NETWORK_CARDS: Final = Path("/sys/class/net")

_POLL_S = 2.0
_IDLE = frozenset({"IDLE", "CLOSED", "OUT_OF_SERVICE"})
_MICROS = 1_000_000

Status = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether the kiosk is healthy, and why it is judged so, for a journal.

    Attributes:
        is_healthy: False as well while it is only too early to say so.
        reason: One clause, without a full stop.

    """

    is_healthy: bool
    reason: str


def judge(status: Status, offline_s: float, since_us: int = 0) -> Verdict:
    """
    Judge one answer of the control socket.

    Args:
        status: As :mod:`kiosk.control` describes it.
        offline_s: How long there has been no network, without a break.
        since_us: When the kiosk was told to read what is judged, by CLOCK_MONOTONIC in
            microseconds; 0: it started with it.

    """
    told: Mapping[str, Any] = status.get("health", {})
    if told.get("ready_us") is None:
        return Verdict(is_healthy=False, reason="it is not ready yet")
    ready_s = (told["now_us"] - max(told["ready_us"], since_us)) / _MICROS
    if status.get("state") == "UNCONFIGURED":
        return _no(f"it is not set up: {status.get('reason') or 'no configuration'}")
    if ready_s < STEADY_S:
        return _no(f"it has been ready for {ready_s:.0f} s only")
    if (told.get("served_us") or 0) > since_us:
        return Verdict(is_healthy=True, reason="the room service answered it")
    return _judge_offline(status, min(ready_s, offline_s))


def _judge_offline(status: Status, offline_s: float) -> Verdict:
    why = str(status.get("reason") or "")
    if not offline_s:
        return _no(f"the room service has not answered it: {why or 'no reason told'}")
    if status.get("state") not in _IDLE or (why and not why.startswith("R")):
        return _no(f"it is not idle: {status.get('state')} {why}".rstrip())
    if offline_s < OFFLINE_S:
        return _no(f"there has been no network for {offline_s:.0f} s only")
    return Verdict(is_healthy=True, reason="it is well, and there is no network")


def _no(reason: str) -> Verdict:
    return Verdict(is_healthy=False, reason=reason)


def has_no_network(cards: Path = NETWORK_CARDS) -> bool:
    """Return whether there is a network card, and none of them has a carrier."""
    carriers = list(_carriers(cards))
    return bool(carriers) and not any(carriers)


def _carriers(cards: Path) -> Iterator[bool]:
    try:
        found = sorted(cards.iterdir())
    except OSError:
        return
    for card in found:
        if not (card / "device").exists():
            continue  # loopback, bridges, tunnels
        try:
            yield (card / "carrier").read_text("ascii").strip() == "1"
        except OSError:
            yield False  # a card that is switched off answers EINVAL


class HealthCheck:
    """
    Looks at one kiosk again and again.

    Args:
        ask: Returns the status; a KioskError says why there is none.
        now: CLOCK_MONOTONIC in seconds.
        had_network: Whether there was a network before what is judged.
        is_offline: Whether there is demonstrably none now.
        since_us: See :func:`judge`.

    """

    def __init__(
        self,
        ask: Callable[[], Status],
        now: Callable[[], float],
        *,
        had_network: bool = False,
        is_offline: Callable[[], bool] = has_no_network,
        since_us: int = 0,
    ) -> None:
        self._ask = ask
        self._now = now
        self._had_network = had_network
        self._is_offline = is_offline
        self._since_us = since_us
        self._offline_since: float | None = None

    def look(self) -> Verdict:
        """Judge the kiosk as it is now."""
        offline_s = self._offline_s()
        try:
            status = self._ask()
        except KioskError as error:
            return _no(f"it does not answer: {error}")
        return judge(status, offline_s, self._since_us)

    def wait(self, patience_s: float, sleep: Callable[[float], None]) -> Verdict:
        """Look until it is healthy, or so long; return the last verdict."""
        until = self._now() + patience_s
        verdict = self.look()
        while not verdict.is_healthy and self._now() < until:
            sleep(_POLL_S)
            verdict = self.look()
        return verdict

    def _offline_s(self) -> float:
        if self._had_network or not self._is_offline():
            self._offline_since = None
            return 0.0
        if self._offline_since is None:
            self._offline_since = self._now()
        return self._now() - self._offline_since
