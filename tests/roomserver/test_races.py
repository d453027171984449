"""Many at once for one seat, over real HTTP: one gets it, the others hear 5001 (P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.races import races
from tests.fakes.room_server import members_of, running_server


RACES = 500
"""On each store of one process; as many again over two: ``e2e/test_two_servers.py``."""
UNLIMITED = 1e6


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_of_many_at_once_for_the_last_seat_exactly_one_gets_it(
    tmp_path: Path, store: str
) -> None:
    settings = ServerSettings(
        http_port=0,
        rtmp_port=0,
        store_path=str(tmp_path / "rooms.db") if store == "sqlite" else "",
        rates=RateLimits(requests_per_identity=UNLIMITED),
        border=BorderLimits(admission=AdmissionLimits(requests_per_address=UNLIMITED)),
    )
    async with (
        running_server(settings) as (at, _),
        members_of(at, "ann", "bob", "cyd", "dan") as (ann, *rivals),
    ):
        run = await races(ann, rivals, RACES)

    assert len(run) == RACES
    assert [race for race in run if not race.is_fair] == []
    winners = {race.seated[0] for race in run}
    assert winners == {"bob", "cyd", "dan"}
