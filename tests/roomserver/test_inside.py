"""Who waits, as a neighbour in the process is told, and whom it may become."""

from __future__ import annotations

import pytest

from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.forwarding import INSIDE, Forwarding
from kiosk.roomserver.http_message import HttpAnswer, HttpRequest
from kiosk.roomserver.inside import Inside
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore


REPORT = FleetReport(
    "s7", "1", "IDLE", (), 1_800_000_000_000, 1, 30, name="Seven", branch="Zürich 总行"
)


def nothing(_request: HttpRequest) -> HttpAnswer:
    return HttpAnswer(b"")


def uncounted(_name: str, _read: object) -> None:
    pass


def line_up(core: FakeCore, user: str, *targets: str) -> None:
    core.log_in(user)
    wanted: dict[str, object] = {
        "userID": user,
        "targets": list(targets),
        "userName": user.title(),
    }
    core.ask("queue_seat", wanted, user=user)


def waiting(core: FakeCore) -> list[tuple[str, str, str]]:
    views = Inside(nothing, core.core, uncounted).waiting()
    return [(view.name, view.room_id, view.label) for view in views]


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


def test_who_is_alone_in_a_room_of_his_own_waits_and_two_do_not(
    core: FakeCore,
) -> None:
    core.create("ann")
    alone = waiting(core)
    core.join("bob")

    assert alone == [("ann", "desk", "Desk")]
    assert waiting(core) == []


def test_a_guest_whose_host_left_does_not_wait() -> None:
    core = FakeCore(ServerSettings(creator_leaves=CreatorLeaves.STAY))
    core.create("ann")
    core.join("bob")
    core.ask("delete_pusher", {"roomID": "desk", "userID": "ann"}, user="ann")

    assert waiting(core) == []


def test_who_lost_his_stream_does_not_wait_until_it_is_back(core: FakeCore) -> None:
    stream = core.create("ann")
    rooms = core.core.rooms
    rooms.stream_is("desk", "ann", stream, live=False)
    lost = waiting(core)
    rooms.stream_is("desk", "ann", stream, live=True)

    assert lost == []
    assert waiting(core) == [("ann", "desk", "Desk")]


def test_who_is_in_line_waits_in_his_order_until_a_seat_is_kept(
    core: FakeCore,
) -> None:
    line_up(core, "ann", "Desk")
    line_up(core, "bob", "loans", "Desk")
    in_line = waiting(core)
    core.create("agent")

    assert in_line == [("Ann", "", "Desk"), ("Bob", "", "loans")]
    assert waiting(core) == [("agent", "desk", "Desk"), ("Bob", "", "loans")]


def test_the_branch_is_the_one_a_kiosk_reported(core: FakeCore) -> None:
    core.create("ann")
    line_up(core, "bob", "loans")
    core.core.fleet.report(core.core.caller(core.asked_by("ann")), REPORT.to_wire())

    views = Inside(nothing, core.core, uncounted).waiting()
    assert [view.branch for view in views] == ["Zürich 总行", ""]


def test_a_user_signature_is_given_inside_whatever_networks_are_trusted() -> None:
    core = FakeCore(ServerSettings(compat_networks=()))

    def code_for(address: str) -> object:
        wanted = {"userID": "desk_1"}
        return core.ask(
            "get_login_info",
            query=wanted,
            folder="utils",
            address=address,
            method="GET",
        )["code"]

    assert code_for("127.0.0.1") == 7
    assert code_for(INSIDE) == 0


def test_nobody_outside_can_say_that_he_is_inside() -> None:
    assert Forwarding(("127.0.0.0/8",)).client_of(INSIDE) != INSIDE
