"""Calls' records: one as the control socket gives it, and the fullest there is."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.daemon.record_keeper import RecordKeeper
from kiosk.daemon.timings import Timings
from kiosk.media.incoming import PictureDrops
from kiosk.ports import CaptureLost, Distribution, PlayStats, PushStats
from kiosk.ports.call_record import (
    CallRecord,
    DeviceLoss,
    Passage,
    RateSpan,
    ReceivedRecord,
    SentRecord,
    SetUp,
)
from tests.fakes.steady_clock import SteadyClock


_LONG = 1_234_567_890.123_4
_SPREAD = Distribution(1_000_000_000, _LONG, _LONG, _LONG, _LONG / 3)
_REASON = "\N{GRINNING FACE}" * 1_000


def call_record(call: int = 3) -> dict[str, Any]:
    """Return the record of a call in which the agent's camera was not measured."""
    sent = SentRecord(
        pictures=300,
        pictures_dropped=4,
        drops={"old": 4, "oversize": 0},
        sound_dropped=0,
        size_bytes=750_000,
        braked_ms=120,
        muted_ms=0,
        reconnects=1,
        round_trip_ms=0.4,
        echo_canceller="livekit",
        audio_codec="opus",
        rates=(RateSpan(100, 10_000, 600, 800),),
    )
    received = ReceivedRecord(
        user_id="agent-1",
        pictures=310,
        pictures_shown=308,
        pictures_dropped=2,
        drops={"late": 2},
        size_bytes=740_000,
        concealed_ms=40,
        playout_target_ms=60.0,
        cut_ms=330,
        underruns=2,
        late_packets=1,
        picture_gap_ms=Distribution(307, 33.0, 40.0, 66.0, 1_400.0),
        audio_latency_ms=Distribution(20, 90.0, 95.0, 99.0, 101.0),
    )
    record = CallRecord(
        call=call,
        room_id="service",
        began_unix_ms=1_700_000_000_000,
        duration_ms=12_300,
        talked_ms=11_900,
        ended_by="failed",
        reason="D002 camera: no picture",
        set_up=SetUp(reserved_ms=12, first_picture_ms=126),
        sent=sent,
        received=(received,),
        passages=(Passage(0, "RESERVING"),),
        devices_lost=(DeviceLoss(9_000, "camera", "no picture"),),
    )
    return asdict(record)


def fullest_record() -> CallRecord:
    """Return what becomes of a year in a restless room with very many guests."""
    clock = SteadyClock()
    timings = Timings(*[clock.now() + 1] * len(fields(Timings)))
    keeper = RecordKeeper(3, clock, timings)
    for number in range(400):
        clock.move(86_400.0)
        size = (number // 2 + number % 2) * 10**13
        keeper.look(
            PushStats(bytes_sent=size, round_trip_ms=_LONG / 3, braked_ms=_LONG),
            [_guest(f"{guest:02}" + "\x01" * 254, size) for guest in range(32)],
        )
        keeper.enter(State.RECONNECTING, ev.CallPressed())
        keeper.hear(CaptureLost("microphone", _REASON))
    keeper.end_by("service_lost_deadline", _REASON)
    return keeper.record("\x01" * 256)


def _guest(user_id: str, size_bytes: int) -> PlayStats:
    reasons = (reason.name for reason in fields(PictureDrops))
    return PlayStats(
        *(user_id, 10**9, 10**9, 10**9),
        drops=dict.fromkeys(reasons, 10**9),
        concealed_ms=_LONG,
        cut_ms=_LONG,
        underruns=10**9,
        late_packets=10**9,
        playout_target_ms=_LONG / 3,
        bytes_received=size_bytes,
        picture_gap_ms=_SPREAD,
        picture_hold_ms=_SPREAD,
        picture_lag_ms=_SPREAD,
        video_latency_ms=_SPREAD,
        audio_latency_ms=_SPREAD,
        av_offset_ms=_SPREAD,
    )
