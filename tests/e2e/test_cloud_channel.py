"""A call at an original server whose IM channel is at a gateway, between processes."""

from __future__ import annotations

import pytest

from tests.fakes.branch import Branch
from tests.fakes.original_front import original_server
from tests.fakes.reading import texts_to


pytestmark = pytest.mark.e2e


def test_a_kiosk_and_an_agent_call_and_write_by_the_channel_of_a_cloud() -> None:
    with Branch() as branch:
        gateway = branch.start_server().url
        with original_server(gateway) as branch.server_url:
            cloud = {"provider": "tencent", "gateway": gateway}
            agent = branch.start_agent(im=cloud)
            agent.wait_for("WAITING")
            kiosk = branch.start_kiosk(im=cloud)
            kiosk.wait_for("IDLE")
            kiosk.press("call")
            kiosk.wait_for("IN_CALL")
            agent.wait_for("IN_CALL")

            # Such a server carries no texts: they arrive by the channel or never.
            with texts_to(agent) as by_agent, texts_to(kiosk) as by_kiosk:
                kiosk.control.text("hello?")
                agent.control.text("Yes, with pleasure.")
            assert by_agent.get(timeout=5) == "kiosk: hello?"
            assert by_kiosk.get(timeout=5) == "agent: Yes, with pleasure."

            agent.press("hangup")
            kiosk.wait_for("ENDED")
            kiosk.press("hangup")
            kiosk.wait_for("IDLE")
            assert "Traceback" not in kiosk.log + agent.log
            branch.close()
