"""
How the kiosk of a stage is brought into each state of a call, and kept there.

What passes by in moments is held by something that does not answer: that is let go
once the fault has begun.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from tests.fakes.branch import wait_for_new_pictures, wait_until


if TYPE_CHECKING:
    from tests.faults.stage import Stage


LetGo = Callable[[], None]

_EXPIRES_S: Final = 30.0  # of a member that is silent, and a sweep


def _nothing() -> None:
    pass


def idle(stage: Stage) -> LetGo:
    return _nothing


def reserving(stage: Stage) -> LetGo:
    """The room service says nothing yet."""
    if stage.lab is None:
        stage.rooms.stall()
        let_go = stage.rooms.flow
    else:
        stage.signal(stage.server, signal.SIGSTOP)

        def let_go() -> None:
            stage.signal(stage.server, signal.SIGCONT)

    stage.kiosk.press("call")
    stage.kiosk.wait_for("RESERVING")
    return let_go


def publishing(stage: Stage) -> LetGo:
    """The relay says nothing yet."""
    stage.media.stall()
    stage.kiosk.press("call")
    stage.kiosk.wait_for("PUBLISHING")
    return stage.media.flow


def waiting(stage: Stage) -> LetGo:
    """The agent is not there; it comes once the fault has begun."""
    stage.agent.stop(20.0)
    wait_until(lambda: not stage.members(), "the agent's room is gone", _EXPIRES_S)
    stage.kiosk.press("call")
    stage.kiosk.wait_for("WAITING")

    def let_go() -> None:
        stage.start_agent()
        stage.agent.status()  # how long a process takes to start is not the kiosk's

    return let_go


def answered(stage: Stage) -> LetGo:
    """The agent is there, and its picture is not."""
    stage.signal(stage.agent, signal.SIGSTOP)
    stage.kiosk.press("call")
    stage.kiosk.wait_for("ANSWERED")
    return lambda: stage.signal(stage.agent, signal.SIGCONT)


def in_call(stage: Stage) -> LetGo:
    stage.kiosk.press("call")
    for party in (stage.kiosk, stage.agent):
        party.wait_for("IN_CALL")
    for party in (stage.kiosk, stage.agent):
        wait_for_new_pictures(party)
    return _nothing


def reconnecting(stage: Stage) -> LetGo:
    """What the kiosk sends is taken no more."""
    in_call(stage)
    stage.media.stall()
    stage.kiosk.wait_for("RECONNECTING")
    return stage.media.flow


def grace(stage: Stage) -> LetGo:
    """The agent stands still."""
    in_call(stage)
    stage.signal(stage.agent, signal.SIGSTOP)
    stage.kiosk.wait_for("GRACE")
    return lambda: stage.signal(stage.agent, signal.SIGCONT)


def queued(stage: Stage) -> LetGo:
    """Another kiosk has the agent."""
    other = stage.branch.start_kiosk("other")
    other.wait_for("IDLE")
    other.press("call")
    other.wait_for("IN_CALL")
    stage.kiosk.press("call")
    stage.kiosk.wait_for("QUEUED")

    def let_go() -> None:
        other.stop()

    return let_go


def ended(stage: Stage) -> LetGo:
    """The agent hung up a moment ago."""
    in_call(stage)
    stage.agent.press("hangup")
    stage.kiosk.wait_for("ENDED")
    return _nothing


READY: Final[Mapping[str, Callable[[Stage], LetGo]]] = {
    "idle": idle,
    "reserving": reserving,
    "publishing": publishing,
    "waiting": waiting,
    "answered": answered,
    "in_call": in_call,
    "reconnecting": reconnecting,
    "grace": grace,
    "queued": queued,
    "ended": ended,
}
