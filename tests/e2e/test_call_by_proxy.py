"""A whole call of a kiosk whose only way out is its site's proxy."""

from __future__ import annotations

import pytest

from kiosk.app.private_ca import make_private_ca
from tests.fakes.branch import Branch
from tests.fakes.connect_proxy import connect_proxy
from tests.fakes.own_thread import on_its_own_thread


pytestmark = pytest.mark.e2e


def test_a_branch_without_outside_names_calls_through_its_proxy() -> None:
    """``.invalid`` (RFC 6761) is known to no resolver: the proxy alone knows it."""
    names = {"rooms.invalid": "127.0.0.1"}
    with (
        Branch() as branch,
        on_its_own_thread("proxy", lambda: connect_proxy(names)) as (_, proxy),
    ):
        ca = make_private_ca(branch.folder / "tls", ["rooms.invalid", "127.0.0.1"])
        server = branch.start_server(
            {"tls": {"certificate": str(ca.certificate), "key": str(ca.key)}},
            public_host="rooms.invalid",
        )
        port = server.url.rpartition(":")[2]
        network = {
            "ca_file": str(ca.authority),
            "proxy": f"http://127.0.0.1:{proxy.port}",
        }
        room = {"server": f"https://rooms.invalid:{port}"}
        agent = branch.start_agent(network=network, room={**room, "create": True})
        kiosk = branch.start_kiosk(network=network, room=room)
        agent.wait_for("WAITING")
        kiosk.wait_for("IDLE")
        kiosk.press("call")

        for party in (kiosk, agent):
            party.wait_for("IN_CALL")
            party.wait_until(
                lambda now: bool(now["play"]) and now["play"][0]["pictures_shown"] > 5,
                "showing pictures",
            )
        led = {question.split()[1] for question in proxy.asked}
        relay = f"rooms.invalid:{server.rtmp_port}"
        assert led == {f"rooms.invalid:{port}", relay}
