"""Which echo canceller works in a call, as a technician sees it from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.branch import Branch, wait_until
from tests.fakes.hearing import heard, tone_dbfs
from tests.fakes.programs import Party


pytestmark = pytest.mark.e2e

LIBRARY = b"liblivekit_ffi"
TONE_HZ = 500


def tone_of(party: Party) -> float:
    """Return how loud the kiosk's tone is at a party's ear, in dBFS."""
    return tone_dbfs(heard(party.speaker, 0.3), TONE_HZ)


def test_the_canceller_is_loaded_with_the_first_call_named_and_silent_when_muted() -> (
    None
):
    with Branch() as branch:
        branch.start_server()
        agent = branch.start_agent()
        kiosk = branch.start_kiosk(
            microphone={"device": f"tone:{TONE_HZ}"},
            # a steady tone is noise
            audio={"echo_canceller": "livekit", "noise_suppression": False},
        )
        kiosk.wait_for("IDLE")
        maps = Path(f"/proc/{kiosk.pid}/maps")
        idle = maps.read_bytes()
        agent.wait_for("WAITING")
        kiosk.press("call")
        kiosk.wait_until(
            lambda now: (
                bool(now["push"]) and now["push"]["echo_canceller"] == "livekit"
            ),
            "cancelling",
        )
        kiosk.wait_for("IN_CALL")
        in_call = maps.read_bytes()
        wait_until(lambda: tone_of(agent) > -40, "the tone is heard")
        kiosk.press("mute")
        wait_until(lambda: tone_of(agent) < -80, "the tone is muted")
        kiosk.press("hangup")
        kiosk.wait_for("IDLE")

    assert LIBRARY not in idle
    assert LIBRARY in in_call


def test_without_the_library_calls_go_on_with_the_next_and_the_log_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIVEKIT_LIB_PATH", "/nowhere/liblivekit_ffi.so")
    with Branch() as branch:
        branch.start_server()
        agent = branch.start_agent()
        kiosk = branch.start_kiosk(audio={"echo_canceller": "livekit"})
        for _ in range(2):
            agent.wait_for("WAITING")
            kiosk.press("call")
            kiosk.wait_until(
                lambda now: (
                    bool(now["push"]) and now["push"]["echo_canceller"] == "speex"
                ),
                "cancelling",
            )
            kiosk.wait_for("IN_CALL")
            kiosk.press("hangup")
            kiosk.wait_for("IDLE")
        log = kiosk.log

    assert log.count("echo canceller missing") == 1
    assert "pip install '.[aec]'" in log
