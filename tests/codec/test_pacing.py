"""The arithmetic of devices that keep real time."""

from __future__ import annotations

import pytest

from kiosk.codec.pacing import (
    PERIOD,
    CapturePeriods,
    PictureClock,
    RateLimit,
    SpeakerBuffer,
)
from kiosk.ports import Micros


def at_ms(ms: float) -> Micros:
    return Micros(round(ms * 1000))


class TestPictureClock:
    def test_pictures_come_at_their_rate_whatever_the_work_between_takes(self) -> None:
        pace = PictureClock(at_ms(0), 25)
        now, taken = 0.0, list[float]()
        for work_ms in (1, 30, 5, 39):
            now += pace.wait_s(at_ms(now)) * 1000
            taken.append(now)
            now += work_ms

        assert taken == pytest.approx([0, 40, 80, 120])

    def test_a_camera_held_up_leaves_pictures_out(self) -> None:
        pace = PictureClock(at_ms(0), 25)
        pace.wait_s(at_ms(0))

        waits = [pace.wait_s(at_ms(500)), pace.wait_s(at_ms(500))]

        assert waits == pytest.approx([0.0, 0.02], abs=0.021)
        assert sum(waits) > 0


class TestRateLimit:
    @pytest.mark.parametrize(
        ("offered", "limit", "passed"),
        [
            (30, 30, 30),
            (30, 15, 15),
            (30, 20, 20),
            (30, 7.5, 8),
            (25, 15, 15),
            (10, 30, 10),
        ],
    )
    def test_as_many_pass_as_the_limit_says(
        self, offered: float, limit: float, passed: int
    ) -> None:
        gate = RateLimit(limit)

        count = sum(gate.allows(at_ms(1000 * i / offered)) for i in range(int(offered)))

        assert count == passed

    def test_jitter_of_a_device_at_just_this_rate_loses_nothing(self) -> None:
        gate = RateLimit(25)
        jitter = [0, 4, -4, 2, -3, 4, -4, 0] * 5

        assert all(gate.allows(at_ms(40 * i + j)) for i, j in enumerate(jitter))

    def test_a_pause_is_not_made_up_for_by_a_burst(self) -> None:
        gate = RateLimit(10)
        gate.allows(at_ms(0))

        passed = [gate.allows(at_ms(5000 + i)) for i in range(50)]

        assert sum(passed) == 2

    def test_another_rate_counts_from_the_event_that_passed_last(self) -> None:
        gate = RateLimit(10)
        gate.allows(at_ms(0))
        gate.change(2)
        slow = [gate.allows(at_ms(ms)) for ms in (100, 400, 500)]
        gate.change(20)

        assert slow == [False, False, True]
        assert [gate.allows(at_ms(ms)) for ms in (540, 550)] == [False, True]

    def test_a_rate_may_change_before_anything_passed(self) -> None:
        gate = RateLimit(10)
        gate.change(2)

        assert [gate.allows(at_ms(ms)) for ms in (0, 100, 500)] == [True, False, True]


class TestCapturePeriods:
    def test_a_period_is_there_when_it_has_passed(self) -> None:
        periods = CapturePeriods(at_ms(100))

        assert periods.wait_s(at_ms(103)) == pytest.approx(0.007)
        assert periods.take(at_ms(110)) == at_ms(100)
        assert periods.take(at_ms(120)) == at_ms(110)

    def test_a_late_reader_finds_what_the_device_kept(self) -> None:
        periods = CapturePeriods(at_ms(0))

        taken = [periods.take(at_ms(85)) for _ in range(8)]

        assert taken == [at_ms(10 * i) for i in range(8)]
        assert periods.xruns == 0

    def test_a_reader_too_late_has_lost_everything_that_waited(self) -> None:
        periods = CapturePeriods(at_ms(0))

        taken = periods.take(at_ms(205))

        assert taken == at_ms(190)
        assert (periods.xruns, periods.lost_samples) == (1, 19 * PERIOD)

    def test_a_fast_device_has_recorded_sooner(self) -> None:
        periods = CapturePeriods(at_ms(0), drift_ppm=1000)
        taken = [periods.take(at_ms(10 * i)) for i in range(1000)]

        assert taken[-1] == pytest.approx(at_ms(9990) / 1.001, abs=2)
        assert periods.wait_s(at_ms(9990)) == pytest.approx(0.010)


class TestSpeakerBuffer:
    def test_periods_are_heard_one_after_the_other(self) -> None:
        buffer = SpeakerBuffer()

        heard = [buffer.put(at_ms(5), PERIOD).heard_at for _ in range(3)]

        assert heard == [at_ms(5), at_ms(15), at_ms(25)]

    def test_a_full_buffer_has_room_when_a_period_was_heard(self) -> None:
        buffer = SpeakerBuffer(40_000)
        waits: list[float] = []
        for _ in range(5):
            waits.append(buffer.wait_s(at_ms(0), PERIOD))
            buffer.put(at_ms(0), PERIOD)

        assert waits == pytest.approx([0, 0, 0, 0, 0.010])

    def test_a_period_longer_than_the_buffer_waits_until_it_is_empty(self) -> None:
        buffer = SpeakerBuffer(5_000)
        buffer.put(at_ms(0), PERIOD)

        assert buffer.wait_s(at_ms(0), PERIOD) == pytest.approx(0.010)

    def test_who_writes_too_late_hears_silence(self) -> None:
        buffer = SpeakerBuffer()
        buffer.put(at_ms(0), PERIOD)

        late = buffer.put(at_ms(30), PERIOD)

        assert (late.heard_at, late.silence) == (at_ms(30), 2 * PERIOD)
        assert buffer.underruns == 1

    def test_a_fast_device_is_through_sooner(self) -> None:
        buffer = SpeakerBuffer(drift_ppm=1000)
        heard = [buffer.put(at_ms(9 * i), PERIOD).heard_at for i in range(1000)]

        assert heard[-1] == pytest.approx(at_ms(9990) / 1.001, abs=2)
