"""
The failure ladder under a real systemd: a kiosk that fails at once walks its rungs.

Some of the history is written beforehand: ten failures with ten seconds between most of
them take longer than anybody wants to wait.
"""

from __future__ import annotations

import time

from tests.service.container import Container


SAFE = "kiosk-safe-screen.service"


def test_five_failures_bring_up_the_safe_screen_and_a_mended_kiosk_returns_by_itself(
    container: Container,
) -> None:
    container.history(failures=[1.0, 1.0])
    container.start()

    container.wait_until(lambda: container.is_active(SAFE), "the safe screen")
    seen = container.remembered()
    container.mend()
    container.wait_until(lambda: container.is_active("kiosk.service"), "the kiosk")

    assert not container.is_active(SAFE)
    assert (seen["rung"], seen["code"]) == ("safe screen", "K005")
    assert len(seen["failures"]) == 5
    assert "status 75" in seen["why"]


def test_the_tenth_failure_reboots_and_the_first_after_it_is_met_by_the_safe_screen(
    container: Container,
) -> None:
    container.history(failures=[1.0] * 9, reboots=[5.0, 5.0])
    container.start()

    container.wait_until(lambda: container.is_active(SAFE), "the safe screen")
    seen = container.remembered()

    assert (container.reboots, seen["rung"]) == (1, "safe screen")
    assert len(seen["reboots"]) == 3
    assert len(seen["failures"]) == 5


def test_after_three_reboots_there_is_none_more(container: Container) -> None:
    container.history(failures=[1.0] * 9, reboots=[5.0] * 3)
    container.start()

    container.wait_until(lambda: container.is_active(SAFE), "the safe screen")
    seen = container.remembered()

    assert seen["rung"] == "stay on the safe screen"
    assert len(seen["reboots"]) == 3
    assert not container.reboots
    assert container.is_active("kiosk-retry-slowly.timer")
    assert not container.is_active("kiosk-retry.timer")


def test_who_stops_the_kiosk_on_the_safe_screen_has_stopped_its_retry(
    container: Container,
) -> None:
    container.history(failures=[1.0] * 4)
    container.start()
    container.wait_until(lambda: container.is_active(SAFE), "the safe screen")
    container.wait_until(lambda: container.is_active("kiosk-retry.timer"), "a retry")

    assert container.run("systemctl", "stop", "kiosk.service") is not None

    assert not container.is_active("kiosk-retry.timer")
    time.sleep(12.0)  # the timer's ten seconds, and two
    assert container.remembered()["rung"] == "safe screen"
    assert len(container.remembered()["failures"]) == 5


def test_a_stop_that_takes_too_long_is_no_failure_and_takes_no_rung(
    container: Container,
) -> None:
    container.history(failures=[1.0] * 4)
    container.start()
    container.mend()
    container.be_stubborn()
    container.wait_until(lambda: container.is_active("kiosk.service"), "the kiosk")
    before = container.remembered()["failures"]

    container.run("systemctl", "stop", "kiosk.service")

    told = container.run("systemctl", "show", "kiosk.service", "--property=Result")
    assert told == "Result=timeout\n"
    assert not container.is_active(SAFE)
    assert not container.is_active("kiosk-retry.timer")
    assert container.remembered()["failures"] == before
