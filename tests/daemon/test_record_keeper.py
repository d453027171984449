"""What becomes of a call's states, facts and counters: its record."""

from __future__ import annotations

from dataclasses import replace

from kiosk.call import events as ev
from kiosk.call.states import State
from kiosk.daemon.call_facts import facts_of
from kiosk.daemon.record_keeper import RecordKeeper
from kiosk.daemon.timings import Timings
from kiosk.ports import (
    CaptureLost,
    Distribution,
    PeerResumed,
    PeerSilent,
    PeerStarted,
    PlayLost,
    PlayStats,
    PushStats,
    Quality,
)
from kiosk.ports.call_record import DeviceLoss, Passage, SetUp
from kiosk.room.fleet_report import FleetReport
from tests.fakes.steady_clock import SteadyClock


BEGAN = 1_000_000
WHATEVER = ev.CallPressed()


def late(milliseconds: float) -> Distribution:
    return Distribution(9, milliseconds, milliseconds, milliseconds, milliseconds)


class Call:
    """A keeper and the clock it reads."""

    def __init__(self) -> None:
        self.clock = SteadyClock(BEGAN, wall_s=1_700_000_000.0)
        self.timings = Timings(call_pressed_us=BEGAN)
        self.keeper = RecordKeeper(3, self.clock, self.timings)

    def after(self, seconds: float) -> RecordKeeper:
        self.clock.move(seconds)
        return self.keeper


def test_a_record_says_when_what_happened_and_how_it_ended() -> None:
    call = Call()
    call.timings.reserved_us = BEGAN + 40_000
    call.after(0.25).enter(State.RESERVING, WHATEVER)
    call.after(1.0).enter(State.IN_CALL, WHATEVER)
    call.after(5.0).enter(State.GRACE, WHATEVER)
    call.after(30.0).enter(State.ENDED, ev.TimerFired(ev.Timer.GRACE))
    call.after(9.0).end_by("kiosk_stopped")
    record = call.keeper.record("service")

    assert (record.call, record.room_id) == (3, "service")
    assert record.began_unix_ms == 1_700_000_000_000
    assert (record.duration_ms, record.talked_ms) == (36_250, 5_000)
    assert record.ended_by == "grace_deadline"
    assert record.reason == "M004 the other side did not come back"
    assert record.set_up == SetUp(reserved_ms=40)
    assert record.passages == (
        Passage(250, "RESERVING"),
        Passage(1_250, "IN_CALL"),
        Passage(6_250, "GRACE"),
    )
    assert record.sent is None
    assert record.received == ()


def test_an_event_that_ends_a_call_is_named_as_the_machine_has_it() -> None:
    call = Call()
    call.keeper.enter(State.ENDED, ev.Failed(3, "D002 camera: no picture"))
    record = call.keeper.record("")

    assert (record.ended_by, record.reason) == ("failed", "D002 camera: no picture")
    assert facts_of(record)["code"] == "D002"


def test_our_streams_of_one_call_are_added_up() -> None:
    call = Call()
    first = PushStats(
        pictures_sent=30,
        pictures_dropped=2,
        drops={"old": 2, "moved": 0},
        bytes_sent=75_000,
        muted_ms=500,
        microphone_xruns=3,
        echo_canceller="speex",
    )
    call.keeper.look(replace(first, pictures_sent=0, bytes_sent=0), ())
    call.after(1.0).look(first, ())
    call.keeper.end_push()
    second = replace(first, drops={"old": 0, "moved": 1}, echo_canceller="livekit")
    call.after(1.0).look(second, ())
    call.keeper.end_by("hangup_pressed")
    sent = call.keeper.record("").sent

    assert sent is not None
    assert (sent.pictures, sent.pictures_dropped, sent.size_bytes) == (60, 4, 150_000)
    assert sent.drops == {"old": 2, "moved": 1}
    assert (sent.muted_ms, sent.echo_canceller) == (1_000, "livekit")
    assert sent.microphone_xruns == 6
    assert [(span.at_ms, span.for_ms, span.kbps) for span in sent.rates] == [
        (0, 2_000, 600)
    ]


def test_each_party_has_an_entry_with_its_silences_and_losses() -> None:
    call = Call()
    shown = PlayStats(
        *("a", 26, 25),
        bytes_received=50_000,
        cut_ms=330.4,
        underruns=3,
        late_packets=2,
        playout_target_ms=70.0,
    )
    call.keeper.look(None, [PlayStats("a")])
    call.after(1.0).look(None, [shown, PlayStats("b")])
    call.keeper.hear(PeerStarted("a"))
    call.keeper.hear(PeerSilent("a"))
    call.after(0.5).hear(PeerSilent("a"))
    call.after(1.5).hear(PeerResumed("a"))
    call.keeper.hear(PlayLost("b", "refused"))
    call.keeper.hear(PeerSilent("b"))
    call.after(3.0).end_by("hangup_pressed")
    call.after(9.0)
    a, b = call.keeper.record("").received

    assert (a.user_id, a.pictures_shown, a.silences, a.silent_ms) == ("a", 25, 1, 2_000)
    assert [span.kbps for span in a.rates] == [400]
    assert (a.cut_ms, a.underruns, a.late_packets) == (330, 3, 2)
    assert a.playout_target_ms == 70.0
    # a silence that lasts ends with the call
    assert (b.user_id, b.losses, b.silences, b.silent_ms) == ("b", 1, 1, 3_000)


def test_what_passed_in_the_last_second_is_told_while_the_call_goes_on() -> None:
    call = Call()
    push = PushStats(bytes_sent=75_000)
    call.keeper.look(PushStats(), [PlayStats("a", pictures_shown=10)])
    call.after(1.0).look(push, [PlayStats("a", pictures_shown=38, bytes_received=50)])
    call.keeper.hear(PeerSilent("a"))

    assert call.keeper.live() == {
        "sent_kbps": 600,
        "parties": [
            {
                "user_id": "a",
                "received_kbps": 0,
                "pictures_per_second": 28.0,
                "silent": True,
            }
        ],
    }


def test_a_second_without_its_sound_or_our_pictures_makes_the_connection_weak() -> None:
    call = Call()
    call.keeper.look(PushStats(), [PlayStats("a")])
    well = call.keeper.quality
    call.after(1.0).look(PushStats(), [PlayStats("a", concealed_ms=120)])
    missed = call.keeper.quality
    call.after(1.0).look(PushStats(), [PlayStats("a", concealed_ms=130)])
    better = call.keeper.quality
    call.after(1.0).look(PushStats(braked_ms=400), ())
    braked = call.keeper.quality

    good, fair, weak = Quality
    assert (well, missed, better, braked) == (good, weak, fair, weak)


def test_a_connection_that_brings_old_things_is_weak() -> None:
    call = Call()
    call.keeper.look(None, [PlayStats("a", backlog_ms=900), PlayStats("b")])
    well = call.keeper.quality
    call.keeper.look(None, [PlayStats("a", backlog_ms=1_100)])
    late = call.keeper.quality
    call.keeper.end_party("a")

    good, _, weak = Quality
    assert (well, late, call.keeper.quality) == (good, weak, good)


def test_a_connection_is_fair_until_all_went_well_for_ten_seconds() -> None:
    call = Call()
    call.keeper.look(PushStats(), [PlayStats("a")])
    call.after(1.0).look(PushStats(), [PlayStats("a", concealed_ms=10)])
    unnoticed = call.keeper.quality
    call.after(1.0).look(PushStats(braked_ms=60), [PlayStats("a", concealed_ms=20)])
    flawed = call.keeper.quality
    call.after(9.0).look(PushStats(braked_ms=60), [PlayStats("a", concealed_ms=20)])
    soon = call.keeper.quality
    call.after(1.0).look(PushStats(braked_ms=60), [PlayStats("a", concealed_ms=20)])

    good, fair, _ = Quality
    assert (unnoticed, flawed, soon, call.keeper.quality) == (good, fair, fair, good)


def test_who_left_weakens_no_connection_and_has_no_last_second() -> None:
    call = Call()
    call.keeper.look(None, [PlayStats("a"), PlayStats("b")])
    missed = PlayStats("a", concealed_ms=900, bytes_received=9_000, pictures_shown=9)
    call.after(1.0).look(None, [missed, PlayStats("b")])
    weak = call.keeper.quality
    call.keeper.end_party("a")

    assert weak is Quality.WEAK
    assert call.keeper.quality is Quality.GOOD
    assert [party["user_id"] for party in call.keeper.live()["parties"]] == ["b"]

    call.after(600.0).look(None, [missed])  # back, and nothing measured yet
    assert call.keeper.quality is Quality.GOOD
    assert call.keeper.live()["parties"][0] == {
        "user_id": "a",
        "received_kbps": None,
        "pictures_per_second": None,
        "silent": False,
    }


def test_the_silence_of_who_was_given_up_ends_there() -> None:
    call = Call()
    call.keeper.look(None, [PlayStats("a")])
    call.after(1.0).hear(PeerSilent("a"))
    call.after(30.0).look(None, [PlayStats("a")])
    call.keeper.end_party("a")
    call.keeper.end_party("nobody")
    call.keeper.hear(PeerSilent("a"))  # was under way
    call.after(600.0).end_by("hangup_pressed")
    (a,) = call.keeper.record("").received

    assert (a.silences, a.silent_ms) == (1, 30_000)


def test_a_look_out_of_turn_counts_and_makes_no_rate() -> None:
    call = Call()
    push, play = PushStats(), PlayStats("a")
    call.keeper.look(push, [play])
    push, play = replace(push, bytes_sent=75_000), replace(play, pictures_shown=25)
    call.after(1.0).look(push, [play])
    turn = call.keeper.live()
    push = replace(push, bytes_sent=85_000, braked_ms=400)
    play = replace(play, pictures_shown=26, bytes_received=1_000, concealed_ms=110)
    call.after(0.005).look(push, [play])

    assert call.keeper.live() == turn
    assert call.keeper.quality is Quality.GOOD
    call.after(0.995).look(push, [play])
    assert call.keeper.quality is Quality.WEAK
    call.after(0.005).look(push, [play])  # another one came just then
    assert call.keeper.quality is Quality.WEAK
    record = call.keeper.record("")
    assert record.sent is not None
    assert (record.sent.size_bytes, record.received[0].pictures_shown) == (85_000, 26)
    assert all(span.for_ms >= 500 for span in record.sent.rates)
    assert [span.for_ms for span in record.received[0].rates] == [2_005]


def test_of_too_many_parties_those_go_first_that_are_gone() -> None:
    call = Call()
    call.keeper.look(None, [PlayStats("agent")])
    for number in range(40):
        guest = f"guest-{number}"
        call.after(1.0).look(None, [PlayStats("agent"), PlayStats(guest)])
        call.keeper.end_party(guest)
    names = [party.user_id for party in call.keeper.record("").received]

    assert names == ["agent", *(f"guest-{number}" for number in range(9, 40))]


def test_a_lost_device_is_named_with_its_moment() -> None:
    call = Call()
    call.after(2.0).hear(CaptureLost("camera", "no picture for 2 s"))

    assert call.keeper.record("").devices_lost == (
        DeviceLoss(2_000, "camera", "no picture for 2 s"),
    )


def test_a_call_of_many_comers_and_a_restless_one_stay_bounded() -> None:
    call = Call()
    for number in range(1_000):
        call.keeper.enter(State.IN_CALL, WHATEVER)
        call.keeper.hear(PeerSilent(f"user-{number}"))
        call.keeper.hear(CaptureLost("speaker", "x" * 1_000))
    record = call.keeper.record("")

    assert len(record.passages) == 100
    assert len(record.received) == 32
    assert len(record.devices_lost) == 16
    assert len(record.devices_lost[0].reason) == 200


def test_the_facts_of_a_whole_call_are_what_a_fleet_report_carries() -> None:
    call = Call()
    for step in ("reserved", "published", "entered", "peer_known", "first_picture"):
        setattr(call.timings, f"{step}_us", BEGAN + 10_000)
    party = PlayStats(
        "a",
        pictures_shown=1,
        picture_gap_ms=late(1_400.4),
        video_latency_ms=late(90.6),
        audio_latency_ms=late(80.0),
        av_offset_ms=late(-20.0),
    )
    call.keeper.look(PushStats(), [party])
    worse = replace(party, user_id="b", av_offset_ms=late(15.0))
    call.after(1.0).look(PushStats(bytes_sent=1_000), [party, worse])
    call.keeper.enter(State.ENDED, ev.Failed(3, "M004 gone"))
    facts = facts_of(call.keeper.record("service"))
    report = FleetReport("a", "1", "IDLE", (), 1, 1, 30, last_call=facts)

    assert len(facts) == 24
    assert (facts["parties"], facts["pictures_shown"]) == (2, 2)
    assert (facts["longest_freeze_ms"], facts["picture_delay_ms"]) == (1_400, 91)
    assert (facts["av_offset_ms"], facts["sent_kbps"]) == (-20, 8)
    assert FleetReport.from_wire(report.to_wire()) == report


def test_what_nobody_measured_is_not_among_the_facts() -> None:
    call = Call()
    call.keeper.look(PushStats(), [PlayStats("a")])
    call.keeper.enter(State.ENDED, ev.HangupPressed())
    facts = facts_of(call.keeper.record(""))

    assert facts["ended_by"] == "hangup_pressed"
    assert not {"picture_delay_ms", "av_offset_ms", "code", "sent_kbps"} & set(facts)
