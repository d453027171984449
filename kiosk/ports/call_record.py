"""
The record that every call leaves behind, and who keeps the last ones.

Every figure was measured in that call; None is "not measured", never a guess.
Times are milliseconds since the call was pressed unless the name says
otherwise.  Users are named by their ids; no name, text, URL or key is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk.ports.media import Distribution


CALL_RECORD_VERSION = 1
"""Of the JSON form; grows when a field changes its meaning."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """When each step of getting into the call was done."""

    reserved_ms: int | None = None
    published_ms: int | None = None
    entered_ms: int | None = None
    peer_known_ms: int | None = None
    first_picture_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """The call entered a state of :class:`kiosk.call.states.State`."""

    at_ms: int
    state: str


@dataclass(frozen=True, slots=True)
class DeviceLoss:
    """A device of ours failed within the call."""

    at_ms: int
    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class RateSpan:
    """
    A time of about the same bit rate.

    Attributes:
        kbps: What passed, on average over the span.
        aimed_kbps: What the encoder was told; None of what we receive.

    """

    at_ms: int
    for_ms: int
    kbps: int
    aimed_kbps: int | None = None


@dataclass(frozen=True, slots=True)
class SentRecord:
    """
    What we sent.

    Attributes:
        pictures_dropped, drops, sound_dropped: Encoded, thrown away and why;
            as in :class:`kiosk.ports.PushStats`.
        braked_ms: How long no picture was encoded, for the network's sake.
        muted_ms: How long silence was encoded in place of the microphone.
        reconnects: How often our stream was published anew.
        round_trip_ms: To the relay, the least of the last minute.
        microphone_xruns: How often it lost sound because nobody read it.
        rates: The bit rate's history, headers of RTMP included.

    """

    pictures: int
    pictures_dropped: int
    drops: Mapping[str, int]
    sound_dropped: int
    size_bytes: int
    braked_ms: int
    muted_ms: int
    reconnects: int
    round_trip_ms: float
    echo_canceller: str
    audio_codec: str
    microphone_xruns: int = 0
    rates: tuple[RateSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceivedRecord:
    """
    What came of one other party, over all the streams it had in the call.

    Attributes:
        pictures_dropped, drops: Received and not shown, and why; this and the
            distributions as in :class:`kiosk.ports.PlayStats`.
        concealed_ms, cut_ms: Sound that was missing when it was due, and sound
            thrown away unheard; these and the counts of it likewise.
        playout_target_ms: The delay that the playout aimed at in the end.
        silences: How often nothing came of it for a second.
        silent_ms: How long altogether it was silent; from a second after the
            last thing came until there was something again.
        losses: How often its stream could not be played.

    """

    user_id: str
    pictures: int
    pictures_shown: int
    pictures_dropped: int
    drops: Mapping[str, int]
    size_bytes: int
    concealed_ms: int
    playout_target_ms: float
    cut_ms: int = 0
    underruns: int = 0
    speaker_underruns: int = 0
    late_packets: int = 0
    silences: int = 0
    silent_ms: int = 0
    losses: int = 0
    picture_gap_ms: Distribution | None = None
    picture_hold_ms: Distribution | None = None
    picture_lag_ms: Distribution | None = None
    video_latency_ms: Distribution | None = None
    audio_latency_ms: Distribution | None = None
    av_offset_ms: Distribution | None = None
    rates: tuple[RateSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class CallRecord:
    """
    One call.

    Attributes:
        call: Its ordinal since the kiosk started.
        began_unix_ms: The wall clock when the call button was pressed.
        duration_ms: From the press to what ended the call.
        talked_ms: Of it, in the state ``IN_CALL``.
        ended_by: The event of the machine that ended it, such as
            ``hangup_pressed``, ``peers_hung_up`` or ``grace_deadline``.
        reason: Its code and words, or empty.
        passages: The states it went through; the first ones of very many.
        devices_lost: Likewise.
        reference: What the customer read of it on the last screen.

    """

    call: int
    room_id: str
    began_unix_ms: int
    duration_ms: int
    talked_ms: int
    ended_by: str
    reason: str
    set_up: SetUp
    sent: SentRecord | None = None
    received: tuple[ReceivedRecord, ...] = ()
    passages: tuple[Passage, ...] = ()
    devices_lost: tuple[DeviceLoss, ...] = ()
    reference: str = ""
    schema_version: int = field(default=CALL_RECORD_VERSION)


class CallArchive(Protocol):
    """Keeps the records of the last calls, so many and no more."""

    def keep(self, record: CallRecord) -> None:
        """Take a record; may wait for a disk, so not on the loop, and never fails."""
        ...

    def newest(self) -> Sequence[Mapping[str, Any]]:
        """Return records as JSON has them, the newest first."""
        ...
