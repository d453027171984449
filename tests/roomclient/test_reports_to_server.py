"""A kiosk's report, from its room service to the operators' table."""

from __future__ import annotations

import httpx

from kiosk.room.conversation import Identity
from kiosk.room.fleet_report import FleetReport
from kiosk.room.session import Wanted
from kiosk.roomclient.service import new_room_service
from tests.fakes.room_server import running_server
from tests.fakes.steady_clock import SteadyClock


REPORT = FleetReport("door-1", "0.1.0", "IDLE", (), 1_800_000_000_000, 10**9, 30)


async def test_a_report_is_sent_with_the_kiosks_login() -> None:
    async with running_server() as (at, _):
        service = new_room_service(
            at.http_url,
            Identity("Door", "kiosk-7"),
            Wanted(("service",)),
            SteadyClock(),
        )
        async with service, httpx.AsyncClient(base_url=at.http_url) as operator:
            await service.report(REPORT)
            [kiosk] = (await operator.get("/fleet.json")).json()["kiosks"]

    assert (kiosk["serial"], kiosk["userID"]) == ("door-1", "kiosk-7")
    assert not kiosk["silent"]
