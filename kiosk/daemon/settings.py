"""What the daemon may be told; durations in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.call.events import Timer
from kiosk.call.states import Role
from kiosk.daemon.notices import Notice
from kiosk.daemon.replies import Reply
from kiosk.room.still_requests import ANSWER_S, StillWord


DURATIONS_S: Mapping[Timer, float | None] = {
    Timer.RESERVE: 8.0,
    Timer.PUBLISH: 3.0,
    Timer.ANSWER: 60.0,
    Timer.PICTURE: 10.0,
    Timer.RECONNECT: 15.0,
    Timer.GRACE: 30.0,
    Timer.CHIME: 3.0,
    Timer.STILL: ANSWER_S,
    Timer.ENDED: 8.0,
}


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """
    The daemon's share of the configuration.

    Attributes:
        role: Whose kiosk it is.
        durations_s: Length of each timer; ``None`` never fires.
        problem: What is wrong with the configuration of a kiosk that is not set up.
        insecure: Whether plain HTTP or RTMP may leave this machine; shown.
        check_s: How often the room service is checked while idle.
        retry_s: First and longest pause between tries to reach it.
        silent_s: After so long without an answer at the start the screen says so.
        queue_s: Pause after waiting in a queue failed.
        redial_s: How long an agent's kiosk stays idle before it returns.
        notices: What the others in the room are told, by occasion.
        replies: What their texts are answered with, and what is said by number.
        broadcasts: Whether the call button goes on air, for viewers and no peer.
        still_words: What people read about a still picture.

    """

    role: Role = Role.KIOSK
    durations_s: Mapping[Timer, float | None] = field(
        default_factory=lambda: dict(DURATIONS_S)
    )
    problem: str = ""
    insecure: bool = False
    check_s: float = 20.0
    retry_s: tuple[float, float] = (1.0, 15.0)
    silent_s: float = 1.5
    queue_s: float = 2.0
    redial_s: float = 1.0
    notices: Mapping[Notice, str] = field(default_factory=dict[Notice, str])
    replies: tuple[Reply, ...] = ()
    broadcasts: bool = False
    still_words: Mapping[StillWord, str] = field(default_factory=dict[StillWord, str])
