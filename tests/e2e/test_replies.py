"""A kiosk without a keyboard answers an agent, and says what a person picks."""

from __future__ import annotations

import pytest

from kiosk.cli import main
from tests.fakes.branch import Branch
from tests.fakes.reading import texts_to


pytestmark = pytest.mark.e2e

REPLIES = ["?where => Main Street 1, Zurich", "One moment, please."]


def test_the_agent_is_answered_and_told_what_was_picked() -> None:
    with Branch() as branch:
        branch.start_server()
        # Both answer everything: it ends with the first answer all the same.
        agent = branch.start_agent(call={"role": "agent", "replies": ["* => Noted."]})
        kiosk = branch.start_kiosk(call={"replies": REPLIES})
        agent.wait_for("WAITING")
        kiosk.wait_for("IDLE")
        kiosk.press("call")
        kiosk.wait_for("IN_CALL")
        agent.wait_for("IN_CALL")

        with texts_to(agent) as read_by_agent, texts_to(kiosk) as read_by_kiosk:
            agent.control.text("?where")
        with texts_to(agent) as picked:
            assert main(["say", "--socket", str(kiosk.socket), "2"]) == 0
        with texts_to(kiosk) as answered, texts_to(agent) as typed:
            assert main(["say", "--socket", str(kiosk.socket), "Hello", "you"]) == 0

        assert read_by_kiosk.get(timeout=5) == "agent: ?where"
        assert read_by_agent.get(timeout=5) == "kiosk: Main Street 1, Zurich"
        assert picked.get(timeout=5) == "kiosk: One moment, please."
        assert typed.get(timeout=5) == "kiosk: Hello you"
        assert answered.get(timeout=5) == "agent: Noted."
        assert kiosk.state == agent.state == "IN_CALL"
