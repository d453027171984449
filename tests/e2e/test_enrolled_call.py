"""Kiosk and agent with keys of their own; one is shut out in the middle of a call."""

from __future__ import annotations

import pytest

from tests.fakes.branch import Branch


pytestmark = pytest.mark.e2e


def test_enrolled_parties_call_until_one_is_shut_out() -> None:
    with Branch() as branch:
        kiosk_key, agent_key = branch.enrol("kiosk", "agent")
        file = str(branch.folder / "enrolled.toml")
        branch.start_server({"enrolment": {"file": file}})
        agent = branch.start_agent(room={**agent_key, "create": True})
        kiosk = branch.start_kiosk(room=kiosk_key)
        agent.wait_for("WAITING")
        kiosk.wait_for("IDLE")
        kiosk.press("call")
        for party in (kiosk, agent):
            party.wait_for("IN_CALL")

        said = branch.kiosk_server("--ban=kiosk")

        agent.wait_until(lambda now: now["state"] != "IN_CALL", "alone", 3.0)
        out = kiosk.wait_for("OUT_OF_SERVICE", 30.0)
        assert "enrolment key" in out["reason"]
        assert out["reason"].startswith("R006")
        assert not out["devices"]["camera_open"]
        assert "kiosk is out until" in said


def test_a_name_that_is_enrolled_is_not_given_for_the_asking() -> None:
    with Branch() as branch:
        branch.enrol("kiosk")
        file = str(branch.folder / "enrolled.toml")
        branch.start_server({"enrolment": {"file": file}})
        kiosk = branch.start_kiosk(room={"user_id": "kiosk"})

        out = kiosk.wait_until(lambda now: bool(now["reason"]), "refused")
        assert out["state"] == "OUT_OF_SERVICE"
        assert out["reason"].startswith("R006")
