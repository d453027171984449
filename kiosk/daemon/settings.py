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
    Timer.CONSENT: 60.0,
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
        synthetic: Devices of a call that are none, by their names; told.
        patience_s: How long after the start a device may not be there yet.
        devices_s: How often devices are asked: while one is missing, and else.
        check_s: How often the room service is checked while idle, or a little oftener.
        retry_s: First and longest pause between tries to reach it.
        borne_s: For how long an idle kiosk bears a service that does not answer.
        silent_s: After so long without an answer at the start the screen says so.
        queue_s: Pause after waiting in a queue failed.
        redial_s: How long an agent's kiosk stays idle before it returns.
        notices: What the others in the room are told, by occasion.
        replies: What their texts are answered with, and what is said by number.
        needs_display: Whether no call may begin while there is no display.
        needs_time: Whether calls wait until the time of this machine can be right.
        broadcasts: Whether the call button goes on air, for viewers and no peer.
        consent: Whether the customer is asked before each call.
        read_s: So long after the question a press is no consent yet.
        languages: Which a customer may choose from, the kiosk's own first.
        language_s: After so long without a call the kiosk's own is back.
        volume_s: For how long a volume is shown that was turned.
        hold_s: From when on a press is a long one.
        both_s: For how long two buttons are held to see the technician's page.
        page_s: After so long that page is gone.
        still_words: What people read about a still picture.

    """

    role: Role = Role.KIOSK
    durations_s: Mapping[Timer, float | None] = field(
        default_factory=lambda: dict(DURATIONS_S)
    )
    problem: str = ""
    insecure: bool = False
    synthetic: tuple[str, ...] = ()
    patience_s: float = 30.0
    devices_s: tuple[float, float] = (2.0, 10.0)
    check_s: float = 4.0  # a dead network is told within 10 s: no answer takes 5
    retry_s: tuple[float, float] = (1.0, 15.0)
    borne_s: float = 3.0
    silent_s: float = 1.5
    queue_s: float = 2.0
    redial_s: float = 1.0
    notices: Mapping[Notice, str] = field(default_factory=dict[Notice, str])
    replies: tuple[Reply, ...] = ()
    needs_display: bool = True
    needs_time: bool = False
    broadcasts: bool = False
    consent: bool = False
    read_s: float = 1.0
    languages: tuple[str, ...] = ()
    language_s: float = 60.0
    volume_s: float = 2.0
    hold_s: float = 1.5
    both_s: float = 5.0
    page_s: float = 60.0
    still_words: Mapping[StillWord, str] = field(default_factory=dict[StillWord, str])
