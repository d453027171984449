from __future__ import annotations

import resource

import pytest

from kiosk.app.descriptors import raise_descriptor_limit
from kiosk.app.server_process import settings_of
from kiosk.config.server_schema import ServerConfig
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.relay_terms import RelayLimits


def test_limits_are_those_of_the_file() -> None:
    limits = {"requests_per_address": 9, "requests_per_identity": 8, "guesses": 7}
    settings = settings_of(ServerConfig.model_validate({"limits": limits}))

    assert settings.border.admission.requests_per_address == 9
    assert settings.rates == RateLimits(requests_per_identity=8, guesses=7)


def test_the_relay_counts_neither_named_proxies_nor_this_machine_by_address() -> None:
    limits = {"relay_connections": 9, "per_address": 8, "proxies": ["192.0.2.7"]}
    settings = settings_of(ServerConfig.model_validate({"limits": limits}))

    assert settings.relay == RelayLimits(
        connections=9,
        connections_per_address=8,
        proxies=("127.0.0.0/8", "::1/128", "192.0.2.7/32"),
    )


def test_limits_left_out_are_those_of_the_server() -> None:
    settings = settings_of(ServerConfig())

    assert settings.border.admission == AdmissionLimits()
    assert settings.rates == RateLimits()


def test_with_few_descriptors_fewer_connections_are_taken_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    admission = settings_of(ServerConfig(), descriptors=3000).border.admission

    assert (admission.connections, admission.descriptors) == (3000, 3000)
    assert "fewer connections than configured" in caplog.text


def test_a_server_takes_all_descriptors_the_system_grants_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    try:
        granted = raise_descriptor_limit()
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert granted == raised == hard
