"""A whole call over HTTPS and RTMPS with a branch's own authority."""

from __future__ import annotations

import pytest

from kiosk.app.private_ca import make_private_ca
from kiosk.app.trust import pin_of_file
from tests.fakes.branch import Branch


pytestmark = pytest.mark.e2e


def test_who_trusts_the_authority_calls_over_https_and_rtmps() -> None:
    with Branch() as branch:
        ca = make_private_ca(branch.folder / "tls", ["127.0.0.1"])
        server = branch.start_server(
            {"tls": {"certificate": str(ca.certificate), "key": str(ca.key)}}
        )
        trusting = {"ca_file": str(ca.authority)}
        pinning = {**trusting, "pins": [pin_of_file(ca.certificate)]}
        agent = branch.start_agent(network=trusting)
        kiosk = branch.start_kiosk(network=pinning)
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


def test_a_server_with_another_key_is_no_server_and_the_screen_says_so() -> None:
    with Branch() as branch:
        ca = make_private_ca(branch.folder / "tls", ["127.0.0.1"])
        branch.start_server(
            {"tls": {"certificate": str(ca.certificate), "key": str(ca.key)}}
        )
        other = "sha256//" + "A" * 43 + "="
        kiosk = branch.start_kiosk(
            network={"ca_file": str(ca.authority), "pins": [other]}
        )
        found = pin_of_file(ca.certificate)
        status = kiosk.wait_until(
            lambda now: f"its public key is {found}" in now["reason"], "told"
        )

        assert status["state"] == "OUT_OF_SERVICE"


def test_a_kiosk_whose_certificate_file_is_missing_stays_up_and_says_why() -> None:
    with Branch() as branch:
        branch.start_server()
        kiosk = branch.start_kiosk(network={"ca_file": "/none/ca.pem"})
        status = kiosk.wait_for("UNCONFIGURED")

        assert "ca_file /none/ca.pem: No such file" in status["reason"]
