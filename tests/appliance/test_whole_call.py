"""
A whole call of the guest's own ``kiosk.service``, under its own user and sandbox.

Pressed by a simulated GPIO line, through TLS to a server on the host and to an agent who
sees, hears, and is seen.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.appliance.both_ends import (
    AGENT_HZ,
    CALL_LAMP,
    CAMERA_LAMP,
    HANGUP,
    MUTE,
    MUTED_LAMP,
    Call,
)
from tests.appliance.other_side import wait_until


KIOSK_HZ: Final = 440
"""What is played into the kiosk's microphone."""

pytestmark = pytest.mark.timeout(900)


@pytest.mark.proves("buttons and lamps", "call")
@pytest.mark.proves("display (virtio-gpu)", "call")
def test_a_press_of_the_button_brings_the_agents_picture_to_the_screen(
    call: Call,
) -> None:
    wait_until(call.sees_the_agent, "the agent's clock on the kiosk's screen", 120.0)

    assert call.lines.is_lit(CAMERA_LAMP)
    assert call.lines.is_lit(CALL_LAMP)
    assert not call.lines.is_lit(MUTED_LAMP)


@pytest.mark.proves("camera (vivid)", "call")
def test_the_agent_sees_what_the_kiosks_camera_sees(call: Call) -> None:
    def shows_bars() -> bool:
        return call.other.colours_seen() >= 5

    wait_until(shows_bars, "the test card's colours at the agent's", 120.0)


@pytest.mark.proves("loudspeaker (aloop)", "call")
def test_the_kiosks_loudspeaker_plays_what_the_agent_says(call: Call) -> None:
    wait_until(
        lambda: call.kiosk.hears(AGENT_HZ), "the agent's tone at the loudspeaker", 120.0
    )


@pytest.mark.proves("microphone (aloop)", "call")
def test_the_agent_hears_what_is_said_at_the_kiosk_and_nothing_once_it_is_muted(
    call: Call,
) -> None:
    with call.kiosk.saying(KIOSK_HZ):
        wait_until(
            lambda: call.other.hears(KIOSK_HZ), "the kiosk's tone at the agent's", 120.0
        )
        call.lines.press(MUTE)
        wait_until(lambda: call.lines.is_lit(MUTED_LAMP), "muted", 60.0)
        wait_until(lambda: not call.other.hears(KIOSK_HZ), "silence", 60.0)
        call.lines.press(MUTE)
        wait_until(lambda: not call.lines.is_lit(MUTED_LAMP), "not muted", 60.0)


@pytest.mark.proves("service", "call")
def test_a_killed_daemon_is_back_in_its_call_and_no_console_was_seen(
    call: Call,
) -> None:
    looks = call.survives("KILL", 300.0)

    assert len(looks) > 5
    assert not any(looks)


@pytest.mark.proves("service", "call")
def test_a_hung_daemon_is_replaced_by_the_watchdog_and_back_in_its_call(
    call: Call,
) -> None:
    looks = call.survives("STOP", 400.0)

    result = call.kiosk.machine.check(
        ["journalctl", "--unit=kiosk", "--grep=Watchdog timeout", "--output=cat"]
    )
    assert "Watchdog timeout" in result
    assert not any(looks)


@pytest.mark.proves("buttons and lamps", "call")
def test_the_hang_up_button_ends_the_call_and_the_camera_is_closed(call: Call) -> None:
    call.lines.press(HANGUP)

    call.kiosk.wait_for("IDLE")
    call.other.agent.wait_for("WAITING", 60.0)
    wait_until(lambda: not call.lines.is_lit(CAMERA_LAMP), "lamp off", 30.0)
    assert not call.lines.is_lit(CALL_LAMP)


def test_nothing_was_said_that_is_nobodys_business(ends: Call) -> None:
    log = ends.kiosk.machine.check(["journalctl", "--unit=kiosk", "--no-pager"])

    assert "txSecret" not in log
    assert "Traceback" not in log
