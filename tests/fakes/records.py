"""A call's record as the control socket gives it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kiosk.ports import Distribution
from kiosk.ports.call_record import (
    CallRecord,
    DeviceLoss,
    Passage,
    RateSpan,
    ReceivedRecord,
    SentRecord,
    SetUp,
)


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
