"""
The words of recording: which rooms, where to, and how it goes.

Nothing here or beside it ever writes to a disk: what is recorded is pushed to
somebody else's recorder and forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kiosk.rtmp.live_queue import QueueLimits
from kiosk.rtmp.url import RtmpUrl


_RING: Final = QueueLimits(video_age=3000, audio_age=3000, size_bytes=1024 * 1024)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stream that is to be recorded; every part is an id, safe in a URL."""

    stream: str
    room_type: str
    room_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """
    What is sent to which recorder.

    Attributes:
        url: With ``{stream}`` or ``{room}`` and ``{user}`` in its path, perhaps
            ``{type}``; empty for no recorder.  May hold a key in its query.
        rooms: Ids, labels or patterns of the rooms that are recorded.
        ca_file: Whom to trust in place of the system's authorities.

    Raises:
        WireError: If streams cannot be sent to such a URL.

    """

    url: str = field(default="", repr=False)
    rooms: tuple[str, ...] = ("*",)
    ca_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse at the start what would fail at the first stream."""
        if self.url:
            self.url_of(Recorded("s", "double_room", "r", "u"))

    def url_of(self, recorded: Recorded) -> RtmpUrl:
        """Return where a stream goes."""
        text = self.url
        for mark, value in (
            ("{stream}", recorded.stream),
            ("{type}", recorded.room_type),
            ("{room}", recorded.room_id),
            ("{user}", recorded.user_id),
        ):
            text = text.replace(mark, value)
        return RtmpUrl.parse(text)


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """
    Deadlines and sizes of one stream to a recorder.

    Attributes:
        start_s: From the name's look-up to an accepted stream.
        acknowledged_s: Nothing confirmed for so long is not recorded.
        stall_s: Nothing taken for so long ends the connection.
        first_pause_s: Before the second try; doubled from try to try.
        longest_pause_s: What that grows to.
        proven_s: A connection that lived so long begins the pauses anew.
        look_s: Between two looks at what was confirmed.
        send_buffer_bytes: SO_SNDBUF.
        ring: What waits for a slow recorder before the oldest goes (ms).

    """

    start_s: float = 5.0
    acknowledged_s: float = 2.0
    stall_s: float = 10.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    proven_s: float = 30.0
    look_s: float = 0.25
    send_buffer_bytes: int = 128 * 1024
    ring: QueueLimits = _RING


class TeeState(Enum):
    """How far the recording of one stream is."""

    CONNECTING = "connecting"
    RECORDING = "recording"
    """The recorder took the stream and confirms what it is sent."""
    SILENT = "silent"
    """It took the stream and confirms nothing: it hangs, or nothing is sent."""
    WAITING = "waiting"
    """It could not be reached or refused; tried again after a pause."""


@dataclass(frozen=True, slots=True)
class TeeStats:
    """
    One stream's recording at one moment.

    Attributes:
        state: How far it is.
        sent_bytes: Media handed to the network.
        dropped_units: Thrown away because the recorder was slow.
        failures: Connections that failed or broke.

    """

    state: TeeState
    sent_bytes: int
    dropped_units: int
    failures: int
