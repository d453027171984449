from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.room.codes import Dialect, RoomCode
from kiosk.room.fields import BadRequest
from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.asking import Caller, Refused
from kiosk.roomserver.fleet import Fleet, FleetLimits
from tests.fakes.room_core import HandClock


REPORT = FleetReport("door-1", "0.1.0", "IDLE", (), 1_800_000_002_000, 10**9, 30)
KIOSK = Caller(Dialect.V2, "192.0.2.7", "kiosk-1")


class FleetDesk:
    def __init__(self, limits: FleetLimits | None = None) -> None:
        self.clock = HandClock()
        self.fleet = Fleet(self.clock.server_clock(), limits)

    def report(self, serial: str = "door-1", caller: Caller = KIOSK) -> None:
        wire = replace(REPORT, serial=serial).to_wire()
        assert self.fleet.report(caller, wire) == {}

    def serials(self) -> list[str]:
        return [kiosk.report.serial for kiosk in self.fleet.kiosks()]

    def silent(self) -> list[bool]:
        now = self.clock.monotonic
        return [kiosk.is_silent(now) for kiosk in self.fleet.kiosks()]


def test_a_report_is_kept_with_who_sent_it_and_how_wrong_its_clock_is() -> None:
    core = FleetDesk()

    core.report()

    [kiosk] = core.fleet.kiosks()
    assert kiosk.report == REPORT
    assert (kiosk.user_id, kiosk.address) == ("kiosk-1", "192.0.2.7")
    assert kiosk.clock_offset_s == 2.0


def test_three_periods_of_silence_raise_one_alarm_and_a_report_ends_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    core = FleetDesk()
    core.report()
    core.clock.move(95.0)
    core.fleet.sweep()
    before = core.silent()

    core.clock.move(1.0)
    core.fleet.sweep()
    core.fleet.sweep()
    during = core.silent()
    core.report()

    assert (before, during, core.silent()) == ([False], [True], [False])
    assert caplog.messages == ["kiosk silent", "kiosk back"]


def test_a_kiosk_long_gone_is_forgotten() -> None:
    core = FleetDesk()
    core.report()

    core.clock.move(7 * 24 * 3600 + 1)
    core.fleet.sweep()

    assert core.fleet.kiosks() == ()


def test_reports_that_come_too_fast_are_refused() -> None:
    core = FleetDesk()
    core.report()

    with pytest.raises(Refused) as refused:
        core.report()
    core.clock.move(1.0)
    core.report()

    assert refused.value.code is RoomCode.SERVER_ERROR


def test_one_login_reports_for_a_few_devices_only() -> None:
    core = FleetDesk(FleetLimits(kiosks_per_user=2))
    core.report("a")
    core.report("b")

    with pytest.raises(Refused):
        core.report("c")
    core.report("c", Caller(Dialect.V2, "192.0.2.8", "kiosk-2"))
    core.report("a", Caller(Dialect.V2, "192.0.2.8", "kiosk-2"))
    core.report("c2")

    assert core.serials() == ["a", "b", "c", "c2"]


def test_a_full_table_gives_up_the_kiosk_that_is_silent_longest() -> None:
    core = FleetDesk(FleetLimits(kiosks=2))
    core.report("a")
    core.report("b")
    with pytest.raises(Refused):
        core.report("c")

    core.clock.move(50.0)
    core.report("a")
    core.clock.move(50.0)
    core.report("c")

    assert core.serials() == ["a", "c"]


def test_nonsense_changes_nothing() -> None:
    core = FleetDesk()

    with pytest.raises(BadRequest):
        core.fleet.report(KIOSK, {"serial": "door-1"})

    assert core.fleet.kiosks() == ()
