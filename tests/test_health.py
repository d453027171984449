"""The definition of a healthy kiosk, clause by clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import ControlError
from kiosk.health import HealthCheck, Verdict, has_no_network, judge


def told(
    state: str = "IDLE",
    *,
    ready_s: float | None = 60.0,
    served: bool = False,
    reason: str = "",
) -> dict[str, Any]:
    now = 5_000_000_000
    ready = None if ready_s is None else now - round(ready_s * 1_000_000)
    health = {"now_us": now, "ready_us": ready, "served_us": now if served else None}
    return {"state": state, "reason": reason, "health": health}


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def check(
    answer: Callable[[Hours], Mapping[str, Any]], *, had_network: bool = False
) -> tuple[HealthCheck, Hours]:
    hours = Hours()
    looking = HealthCheck(
        lambda: answer(hours),
        hours.now,
        had_network=had_network,
        is_offline=lambda: True,
    )
    return looking, hours


def cards(folder: Path, **carriers: str | None) -> Path:
    """A /sys/class/net with these cards; None is a card that is switched off."""
    (folder / "lo").mkdir(parents=True)
    (folder / "lo" / "carrier").write_text("1\n")
    for name, carrier in carriers.items():
        (folder / name / "device").mkdir(parents=True)
        if carrier is not None:
            (folder / name / "carrier").write_text(f"{carrier}\n")
    return folder


def test_a_kiosk_that_the_room_service_answered_is_healthy() -> None:
    assert judge(told(served=True), 0.0).is_healthy


def test_a_kiosk_in_a_call_is_healthy_as_well() -> None:
    assert judge(told("IN_CALL", served=True), 0.0).is_healthy


def test_a_kiosk_that_is_no_longer_served_was_healthy_since_it_started() -> None:
    status = told("OUT_OF_SERVICE", served=True, reason="R007 no answer")

    assert judge(status, 0.0).is_healthy


def test_a_kiosk_vouches_for_what_it_was_given_only_from_then_on() -> None:
    status = told(ready_s=900.0, served=True)
    now_us = status["health"]["now_us"]
    served_before = told(ready_s=900.0, served=True)
    served_before["health"]["served_us"] = now_us - 40_000_000

    just_now = judge(status, 0.0, since_us=now_us - 3_000_000)
    unanswered = judge(served_before, 0.0, since_us=now_us - 30_000_000)

    assert (just_now.is_healthy, unanswered.is_healthy) == (False, False)
    assert "ready for 3 s only" in just_now.reason
    assert "has not answered it" in unanswered.reason
    assert judge(status, 0.0, since_us=now_us - 30_000_000).is_healthy


@pytest.mark.parametrize(
    ("status", "offline_s", "reason"),
    [
        (told(ready_s=None), 0.0, "not ready"),
        ({"state": "IDLE"}, 0.0, "not ready"),
        (told(ready_s=3.0, served=True), 0.0, "ready for 3 s only"),
        (told("UNCONFIGURED", reason="C001 x"), 900.0, "not set up: C001 x"),
        (told("OUT_OF_SERVICE", reason="R007 no"), 0.0, "not answered it: R007 no"),
        (told(ready_s=900.0), 599.0, "no network for 599 s only"),
        (told(ready_s=599.0), 900.0, "no network for 599 s only"),
        (told("WAITING", ready_s=900.0), 900.0, "not idle: WAITING"),
        (told("OUT_OF_SERVICE", ready_s=900.0, reason="D003 x"), 900.0, "D003"),
    ],
)
def test_a_kiosk_is_not_healthy_and_it_says_why(
    status: dict[str, Any], offline_s: float, reason: str
) -> None:
    verdict = judge(status, offline_s)

    assert not verdict.is_healthy
    assert reason in verdict.reason


def test_ten_idle_minutes_without_any_network_are_healthy() -> None:
    status = told("OUT_OF_SERVICE", ready_s=601.0, reason="R007 no answer")

    assert judge(status, 601.0).is_healthy


def test_waiting_ends_as_soon_as_the_kiosk_is_healthy() -> None:
    looking, hours = check(lambda now: told(ready_s=now.now_s - 1_000, served=True))

    assert looking.wait(900.0, hours.sleep).is_healthy
    assert hours.now_s == 1_020.0


def test_a_kiosk_that_never_answers_is_not_healthy_when_patience_ends() -> None:
    def refuse(_: Hours) -> Mapping[str, Any]:
        raise ControlError("no kiosk answers at x")

    looking, hours = check(refuse)

    verdict = looking.wait(60.0, hours.sleep)
    assert verdict == Verdict(
        is_healthy=False, reason="it does not answer: no kiosk answers at x"
    )
    assert hours.now_s == 1_060.0


def test_no_network_counts_from_when_it_is_seen_and_without_a_break() -> None:
    looking, hours = check(lambda now: told(ready_s=3_000.0))

    assert looking.wait(900.0, hours.sleep).is_healthy
    assert hours.now_s == 1_600.0


def test_who_had_a_network_before_needs_the_room_service() -> None:
    looking, hours = check(lambda now: told(ready_s=3_000.0), had_network=True)

    assert not looking.wait(900.0, hours.sleep).is_healthy


def test_a_pulled_cable_is_no_network(tmp_path: Path) -> None:
    assert has_no_network(cards(tmp_path, eth0="0", wlan0=None))


def test_a_carrier_is_a_network_whatever_becomes_of_it(tmp_path: Path) -> None:
    assert not has_no_network(cards(tmp_path, eth0="1", wlan0="0"))


def test_a_machine_without_any_card_proves_nothing(tmp_path: Path) -> None:
    assert not has_no_network(cards(tmp_path / "net"))
    assert not has_no_network(tmp_path / "absent")
