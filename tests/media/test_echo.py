"""Where the echo canceller sits: what it is given, and who takes over when it fails."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from kiosk.media.echo import EARLY_US, Cancellers, Choice, EchoPath
from kiosk.media.reference import Reference
from kiosk.ports import EchoCanceller, Micros, Period
from tests.fakes.echo_stand_ins import NotingCanceller, absent


BEGIN = 5_000_000


def choice(name: str, canceller: EchoCanceller) -> Choice:
    return Choice(name, lambda: canceller)


def open_path(*choices: Choice, reference: Reference | None = None) -> EchoPath:
    path = EchoPath(Cancellers(choices), reference or Reference())
    path.open()
    return path


def ramp(first: int, n_samples: int) -> bytes:
    return np.arange(first, first + n_samples).astype("<i2").tobytes()


def period(n_samples: int, at_us: float = BEGIN, first: int = 0) -> Period:
    return Period(ramp(first, n_samples), Micros(round(at_us)))


def test_without_a_canceller_the_microphone_passes_as_it_is() -> None:
    path = open_path()

    assert path.name == "off"
    assert path.clean(period(480)) == period(480)


def test_until_the_canceller_is_loaded_the_microphone_passes_as_it_is() -> None:
    path = EchoPath(Cancellers([choice("a", NotingCanceller())]), Reference())

    assert path.name == "off"
    assert path.clean(period(480)) == period(480)


def test_the_best_one_that_is_to_be_had_is_used() -> None:
    worse = NotingCanceller()
    path = open_path(Choice("a", absent), choice("b", worse))
    path.clean(period(480))

    assert path.name == "b"
    assert worse.near == [ramp(0, 480)]


def test_what_is_missing_is_told_at_the_first_call_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cancellers = Cancellers([Choice("a", absent), choice("b", NotingCanceller())])
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            EchoPath(cancellers, Reference()).open()

    assert [record.getMessage() for record in caplog.records] == [
        "echo canceller missing"
    ]
    assert "not installed; install it" in vars(caplog.records[0])["reason"]


def test_one_that_fails_in_the_call_gives_way_without_a_gap(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = NotingCanceller(fails_after=2), NotingCanceller()
    path = open_path(choice("a", first), choice("b", second))
    with caplog.at_level(logging.WARNING):
        cleaned = [
            path.clean(period(480, BEGIN + i * 10_000, i * 480)) for i in range(4)
        ]

    assert path.name == "b"
    assert first.is_closed
    assert b"".join(p.pcm for p in cleaned) == ramp(0, 4 * 480)
    told = vars(caplog.records[0])
    assert (told["was"], told["now"], len(caplog.records)) == ("a", "b", 1)
    assert "worn out" in told["reason"]


def test_when_the_last_one_fails_the_microphone_passes_as_it_is() -> None:
    path = open_path(choice("a", NotingCanceller(fails_after=0)))
    cleaned = path.clean(period(960))

    assert path.name == "off"
    assert cleaned.pcm == ramp(0, 960)


def test_periods_of_any_length_are_cut_into_blocks_with_true_stamps() -> None:
    canceller = NotingCanceller()
    path = open_path(choice("a", canceller))
    at, first = float(BEGIN), 0
    cleaned: list[Period] = []
    for n_samples in (720, 720, 100, 960):
        cleaned.append(path.clean(period(n_samples, at, first)))
        at += n_samples / 0.048
        first += n_samples

    assert {len(block) for block in canceller.near} == {960}
    assert b"".join(p.pcm for p in cleaned) == ramp(0, 5 * 480)
    begins = [0, 480, 1440, 1440]
    for got, begin in zip(cleaned, begins, strict=True):
        assert got.captured_at == pytest.approx(BEGIN + begin / 0.048, abs=1)


def test_what_nobody_read_in_time_is_made_up_for_and_not_sent() -> None:
    reference = Reference()
    for i in range(30):
        reference.played(period(480, BEGIN + i * 10_000, i * 480))
    canceller = NotingCanceller()
    path = open_path(choice("a", canceller), reference=reference)
    sent = path.clean(period(480, BEGIN)).pcm
    sent += path.clean(period(480, BEGIN + 50_000, 480)).pcm  # 40 ms were lost

    assert sent == ramp(0, 960)
    assert canceller.near == [ramp(0, 480), *[bytes(960)] * 4, ramp(480, 480)]
    early = EARLY_US * 48 // 1000
    assert b"".join(canceller.far) == ramp(early, 6 * 480)


def test_a_microphone_opened_anew_has_nothing_to_make_up_for() -> None:
    canceller = NotingCanceller()
    path = open_path(choice("a", canceller))
    path.clean(period(480, BEGIN))
    path.clean(period(480, BEGIN + 3_000_000))

    assert len(canceller.near) == 2


def test_quiet_voices_are_raised_where_gain_control_is_on() -> None:
    usable = Cancellers([choice("a", NotingCanceller())], gain_control=True)
    path = EchoPath(usable, Reference())
    path.open()
    quiet = np.rint(600 * np.sin(np.arange(48_000) / 20)).astype("<i2").tobytes()
    loudest = 0
    for second in range(4):
        for i in range(100):
            at = Micros(BEGIN + second * 1_000_000 + i * 10_000)
            words = quiet[i * 960 : (i + 1) * 960] if i < 50 else bytes(960)
            cleaned = path.clean(Period(words, at))
            if i == 20:
                loudest = int(np.abs(np.frombuffer(cleaned.pcm, "<i2")).max())

    assert loudest > 1_000


def test_stamps_take_the_cancellers_own_delay_into_account() -> None:
    path = open_path(choice("a", NotingCanceller(delay_us=15_000)))

    assert path.clean(period(480)).captured_at == BEGIN - 15_000


def test_the_far_end_is_what_was_to_be_heard_a_moment_later() -> None:
    reference = Reference()
    for i in range(10):
        reference.played(period(480, BEGIN + i * 10_000, i * 480))
    canceller = NotingCanceller()
    path = open_path(choice("a", canceller), reference=reference)
    path.clean(period(480, BEGIN + 20_000))

    early = EARLY_US * 48 // 1000
    assert canceller.far == [ramp(2 * 480 + early, 480)]


def test_before_anything_was_played_the_far_end_is_silent() -> None:
    canceller = NotingCanceller()
    open_path(choice("a", canceller)).clean(period(480))

    assert canceller.far == [bytes(960)]


def test_closing_twice_is_allowed_and_closes_the_canceller() -> None:
    canceller = NotingCanceller()
    path = open_path(choice("a", canceller))
    path.close()
    path.close()

    assert canceller.is_closed
    assert path.name == "off"
