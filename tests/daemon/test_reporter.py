from __future__ import annotations

import logging

import pytest

from kiosk.call.states import State
from kiosk.daemon.reporter import UNWANTED_PERIODS, Reporter
from kiosk.errors import RoomError, RoomUnreachable
from kiosk.room.fleet_report import FleetReport
from kiosk.room.messages import RouteUnknown
from tests.daemon.running_kiosk import running_kiosk


REPORT = FleetReport("door-1", "0.1.0", "IDLE", (), 1, 1, 30)


class Enough(Exception):
    """Ends the test."""


class FakeFleet:
    def __init__(self, *errors: RoomError | None) -> None:
        self.errors = list(errors)
        self.reports: list[FleetReport] = []

    async def report(self, report: FleetReport) -> None:
        self.reports.append(report)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error


async def pauses_of(fleet: FakeFleet, reports: int) -> list[float]:
    """Let a reporter report so often; return how long it slept each time."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > reports:
            raise Enough

    reporter = Reporter(fleet, lambda: REPORT, 30.0, lambda: 0.25, sleep)
    with pytest.raises(Enough):
        await reporter.run()
    return slept


async def test_the_first_report_comes_at_a_random_moment_then_one_each_period() -> None:
    fleet = FakeFleet()

    assert await pauses_of(fleet, 3) == [7.5, 30.0, 30.0, 30.0]
    assert fleet.reports == [REPORT] * 3


async def test_a_lost_report_is_noted_once_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    lost = RoomUnreachable("report: no answer")

    slept = await pauses_of(FakeFleet(lost, lost, None), 3)

    assert slept[1:] == [30.0, 30.0, 30.0]
    assert caplog.messages == ["report not taken", "report arrived again"]


async def test_a_server_that_knows_no_reports_is_asked_rarely() -> None:
    slept = await pauses_of(FakeFleet(RouteUnknown("report: unknown")), 2)

    assert slept[1:] == [30.0 * UNWANTED_PERIODS, 30.0]


async def test_the_record_of_the_last_call_is_kept_for_the_next_report() -> None:
    async with running_kiosk() as kiosk:
        await kiosk.reach(State.IDLE)
        before = kiosk.daemon.last_call
        await kiosk.talk()
        kiosk.daemon.press("hangup")
        await kiosk.until(lambda: kiosk.daemon.last_call is not None, "call ended")
        record = kiosk.daemon.last_call

        assert before is None
        assert record is not None
        assert (record.call, record.room_id) == (1, "room-1")
