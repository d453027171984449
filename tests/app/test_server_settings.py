from __future__ import annotations

import pytest

from kiosk.app.server_process import settings_of
from kiosk.config.server_schema import ServerConfig
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.rates import RateLimits


@pytest.mark.parametrize(
    ("store", "state_directory", "kept_in"),
    [
        ({}, "", ""),
        ({}, "/var/lib/kiosk", "/var/lib/kiosk/rooms.db"),
        ({}, "/var/lib/kiosk:/var/lib/more", "/var/lib/kiosk/rooms.db"),
        ({"path": "/srv/rooms"}, "/var/lib/kiosk", "/srv/rooms"),
        ({"path": "off"}, "/var/lib/kiosk", ""),
    ],
)
def test_rooms_are_kept_where_the_file_or_else_the_service_says(
    store: dict[str, str], state_directory: str, kept_in: str
) -> None:
    config = ServerConfig.model_validate({"store": store})

    assert settings_of(config, state_directory).store_path == kept_in


def test_limits_are_those_of_the_file() -> None:
    limits = {"requests_per_address": 9, "requests_per_identity": 8, "guesses": 7}
    settings = settings_of(ServerConfig.model_validate({"limits": limits}))

    assert settings.border.admission.requests_per_address == 9
    assert settings.rates == RateLimits(requests_per_identity=8, guesses=7)


def test_limits_left_out_are_those_of_the_server() -> None:
    settings = settings_of(ServerConfig())

    assert settings.border.admission == AdmissionLimits()
    assert settings.rates == RateLimits()
