"""A whole call over HTTPS and RTMPS with a branch's own authority."""

from __future__ import annotations

import pytest

from kiosk.app.private_ca import make_private_ca
from tests.fakes.branch import Branch


pytestmark = pytest.mark.e2e


def test_who_trusts_the_authority_calls_over_https_and_rtmps() -> None:
    with Branch() as branch:
        ca = make_private_ca(branch.folder / "tls", ["127.0.0.1"])
        server = branch.start_server(
            {"tls": {"certificate": str(ca.certificate), "key": str(ca.key)}}
        )
        trusting = {"ca_file": str(ca.authority)}
        agent = branch.start_agent(network=trusting)
        kiosk = branch.start_kiosk(network=trusting)
        agent.wait_for("WAITING")
        kiosk.wait_for("IDLE")
        kiosk.press("call")

        for party in (kiosk, agent):
            party.wait_for("IN_CALL")
            party.wait_until(
                lambda now: bool(now["play"]) and now["play"][0]["pictures_shown"] > 5,
                "showing pictures",
            )
        assert server.url.startswith("https://")
        assert '"rtmps://' in server.printed
