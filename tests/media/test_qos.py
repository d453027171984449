"""
Rate control against a network in virtual time: the promises, without a clock.

The same paths and a model of TCP stand in for the network lab, so that every
run is the same and a minute takes milliseconds.  The bounds are those promised
of the real thing; that is measured in ``tests/bench/network.py``.
"""

from __future__ import annotations

import pytest

from kiosk.media.flow import Reading
from kiosk.media.qos import RateController
from kiosk.ports import BRAKE_BELOW, Bitrate, Micros
from tests.lab.path import Conditions
from tests.lab.virtual_call import SOUND_BITRATE, Change, ModelCamera, VirtualCall


START, CEILING = 600_000, 1_000_000
WIDE = Conditions(rate_kbps=3000, delay_ms=15, queue_bytes=256_000)
NARROW_AT, WIDE_AT = 10.0, 22.0
SEEDS = (1, 2, 3)


def controller(start: int = START, ceiling: int = CEILING) -> RateController:
    return RateController(
        start=Bitrate(start), ceiling=Bitrate(ceiling), sound=SOUND_BITRATE
    )


def call(
    conditions: Conditions,
    *changes: Change,
    start: int = START,
    ceiling: int = CEILING,
    seed: int = 1,
    has_control: bool = True,
) -> VirtualCall:
    return VirtualCall(
        controller(start, ceiling),
        ModelCamera(start, seed=seed),
        conditions,
        changes,
        seed=seed,
        has_control=has_control,
    )


def squeezed(seed: int, *, has_control: bool = True) -> VirtualCall:
    """3000 kbit/s, twelve seconds of 350, and 3000 again."""
    made = call(
        WIDE,
        Change(NARROW_AT, {"rate_kbps": 350}),
        Change(WIDE_AT, {"rate_kbps": 3000}),
        seed=seed,
        has_control=has_control,
    )
    made.run(34)
    return made


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def test_on_a_wide_link_the_rate_rises_to_the_ceiling_and_stays() -> None:
    wide = call(WIDE)
    wide.run(30)

    assert {m.bitrate for m in wide.moments if m.at > 10} == {CEILING}
    assert wide.taken == len(wide.pictures) == 900


@pytest.mark.parametrize("seed", SEEDS)
def test_a_link_that_narrows_costs_a_moment_and_no_more(seed: int) -> None:
    narrow = squeezed(seed)

    assert p95(narrow.ages_ms(NARROW_AT, NARROW_AT + 2)) <= 400
    assert p95(narrow.ages_ms(NARROW_AT + 2, WIDE_AT)) <= 150


@pytest.mark.parametrize("seed", SEEDS)
def test_nearly_all_of_a_narrow_link_is_used(seed: int) -> None:
    narrow = squeezed(seed)

    assert narrow.used_percent(NARROW_AT + 2, WIDE_AT, 350) >= 85


@pytest.mark.parametrize("seed", SEEDS)
def test_the_old_rate_is_back_soon_after_the_link_is(seed: int) -> None:
    narrow = squeezed(seed)

    assert narrow.bitrate_at(WIDE_AT) < 350_000
    assert narrow.bitrate_at(WIDE_AT + 8) >= 0.9 * narrow.bitrate_at(NARROW_AT)


def test_without_control_the_same_link_would_be_seconds_behind() -> None:
    narrow = squeezed(1, has_control=False)

    assert p95(narrow.ages_ms(NARROW_AT + 2, WIDE_AT)) > 2_000


def test_sound_is_on_time_while_the_link_is_narrow() -> None:
    narrow = squeezed(1)
    late_ms = [late for at, late in narrow.sounds_ms if NARROW_AT + 2 < at < WIDE_AT]

    assert len(late_ms) > 450
    assert p95(late_ms) <= 120


@pytest.mark.parametrize("seed", SEEDS)
def test_lost_packets_do_not_stop_the_picture(seed: int) -> None:
    lossy = call(
        Conditions(rate_kbps=700, delay_ms=30, loss_percent=2, queue_bytes=256_000),
        ceiling=600_000,
        seed=seed,
    )
    lossy.run(32)

    assert p95(lossy.ages_ms(2, 32)) <= 250
    assert len(lossy.ages_ms(2, 32)) / 30 >= 25


def test_a_route_that_becomes_longer_is_no_reason_to_be_silent_for_ever() -> None:
    moved = call(WIDE, Change(10, {"delay_ms": 115}))
    moved.run(30)

    assert moved.bitrate_at(30) == CEILING
    assert p95(moved.ages_ms(20, 30)) < 160


def test_a_narrow_link_with_a_longer_route_is_still_a_narrow_link() -> None:
    moved = call(
        Conditions(rate_kbps=500, delay_ms=15, queue_bytes=256_000),
        Change(10, {"delay_ms": 65}),
    )
    moved.run(40)

    assert moved.bitrate_at(40) <= 450_000
    assert p95(moved.ages_ms(20, 40)) < 250


def test_with_few_bits_there_are_few_pictures() -> None:
    poor = call(Conditions(rate_kbps=200, delay_ms=15, queue_bytes=256_000))
    poor.run(30)
    rates = {m.pictures_per_second for m in poor.moments if m.at > 10}

    assert rates & {10.0, 15.0, 20.0}
    assert 30.0 not in rates


def test_sound_goes_on_where_there_is_no_room_for_pictures() -> None:
    poor = call(Conditions(rate_kbps=120, delay_ms=15, queue_bytes=256_000))
    poor.run(40)
    late_ms = [late for at, late in poor.sounds_ms if 10 < at < 39]

    assert len(late_ms) > 1_300
    assert p95(late_ms) < 1_000


def test_a_silence_is_not_taken_for_a_rate() -> None:
    cut = call(
        WIDE,
        Change(10, {"loss_percent": 100}),
        Change(10.25, {"loss_percent": 0}),
    )
    cut.run(20)

    assert cut.bitrate_at(12) >= 300_000
    assert cut.bitrate_at(20) == CEILING


def test_a_backlog_of_half_a_second_brakes_at_the_first_reading() -> None:
    judge = controller()

    steering = judge.observe(Reading(45_000, 30_000, 0), Micros(0))

    assert steering.pictures_per_second < BRAKE_BELOW
    assert judge.is_braking
    assert judge.backlog_ms > 400


def test_how_long_it_braked_is_told() -> None:
    judge = controller()
    judge.observe(Reading(45_000, 30_000, 0), Micros(0))
    judge.observe(Reading(45_000, 30_000, 0), Micros(20_000))

    assert judge.braked_ms == 20


def test_a_new_connection_starts_with_the_old_rate_and_no_memory() -> None:
    judge = controller()
    for number in range(30):
        judge.observe(
            Reading(45_000 + 500 * number, 30_000, 500 * number),
            Micros(number * 20_000),
        )
    rate = judge.steering.bitrate
    judge.reconnected()

    assert judge.steering.bitrate == rate
    assert not judge.is_braking
    assert judge.backlog_ms == 0.0
    assert judge.round_trip_ms == 0.0


def steered_over(conditions: Conditions, *changes: Change) -> RateController:
    """Return who steered half a minute over such a path."""
    judge = controller()
    VirtualCall(judge, ModelCamera(START), conditions, changes).run(30)
    return judge


def test_on_a_narrow_link_sound_waits_behind_a_tenth_of_a_second_of_pictures() -> None:
    judge = steered_over(Conditions(rate_kbps=350, delay_ms=15, queue_bytes=256_000))

    under_way_ms = judge.most_under_way * 8 / 350
    assert 80 < under_way_ms - judge.round_trip_ms < 130


def test_where_no_limit_was_met_pictures_go_at_once() -> None:
    assert steered_over(WIDE).most_under_way > 1_000_000


def test_where_tcp_is_slow_after_losses_it_decides_itself() -> None:
    lossy = Conditions(rate_kbps=350, delay_ms=30, queue_bytes=256_000, loss_percent=3)

    assert steered_over(lossy).most_under_way > 1_000_000


def test_a_limit_that_was_met_long_ago_holds_nothing_back() -> None:
    narrow = Conditions(rate_kbps=350, delay_ms=15, queue_bytes=256_000)
    judge = controller()
    back = Change(10, {"rate_kbps": 3000})
    VirtualCall(judge, ModelCamera(START), narrow, [back]).run(50)

    assert judge.most_under_way > 1_000_000


def test_once_a_link_is_wide_again_what_it_carried_before_limits_nothing() -> None:
    judge = controller()
    changes = [Change(10, {"rate_kbps": 120}), Change(12, {"rate_kbps": 3000})]
    VirtualCall(judge, ModelCamera(START), WIDE, changes).run(24)

    sent_bps = judge.steering.bitrate + SOUND_BITRATE
    assert 0 < judge.capacity < sent_bps
    assert judge.most_under_way * 8_000 / sent_bps > judge.round_trip_ms + 80
