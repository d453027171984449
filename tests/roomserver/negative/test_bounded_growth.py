"""
Ten to a hundred thousand of everything one can make at a server (S11).

Every table below a desk is found by looking, not by a list of them: one with more
entries than :data:`BOUNDS` says, or a large one that is not named there, fails.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from kiosk.room import messages as msg
from kiosk.room.fleet_report import FleetReport
from kiosk.roomserver.asking import Asked, Caller, Refused
from kiosk.roomserver.im_gateway import ImHold
from kiosk.roomserver.rooms import RoomRules
from tests.fakes.im_client import ImClient
from tests.fakes.room_core import LOOPBACK, FakeCore, Json
from tests.fakes.table_sizes import table_sizes


SMALL = 100
ROOMS = RoomRules().max_rooms
ENDING: dict[str, int] = {
    "Sessions._sessions": 20_000,
    "PushGrants._grants": 10_000,
    "PushGrants._by_user": 10_000,
    "PushGrants._by_user[]": 10_000,
    "PushGrants._by_tag": 10_000,
    "PushGrants._addresses": 10_000,
    "KeptRooms._records": ROOMS,
    "KeptRooms._owned": ROOMS,
    "RoomRecord.seats": ROOMS * 4,
    "RoomRecord.audience": ROOMS * 30,
    "Attendance._reserved_at": ROOMS,
    "Attendance._last_seen": ROOMS * 4,
    "EventLog._events": ROOMS,
    "EventLog._events[]": ROOMS * 128,
    "EventLog._farewells": 256,
    "_Farewell.members": 256 * 4,
    "_Farewell.events": 256 * 128,
    "SeatQueue._waiters": 512,
    "Waiter.ahead": 512 * 512,
    "HuntGroup.targets": 512 * 16,
    "KeptAnswers._kept": 8_192,
    "KeptAnswers._by_caller": 8_192,
    "KeptAnswers._by_caller[]": 8_192,
    "_Kept.answer": 8_192 * 16,
    "Fleet._kiosks": 4_096,
    "Fleet._per_user": 4_096,
    "Fleet._alarmed": 4_096,
    "Stills._stills": 256,
}
"""Tables whose entries end by time or by leaving."""
PACES: dict[str, int] = {
    "Guesses._tables": 4,
    "Guesses._tables[]": 4 * 4_096,
    "Guesses._tables[][]": 2 * 4 * 4_096,
    "Pace._buckets": 20_000 + 4_096 + 4_096,
    "Pace._buckets[]": 2 * (20_000 + 4_096 + 4_096),
}
"""Tables of how often: the key longest unused makes room."""
BOUNDS = {**ENDING, **PACES}


def user(number: int) -> str:
    return f"u{number}"


def address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def refusals(core: FakeCore) -> None:
    """Guess tokens and signatures under 100,000 names from as many addresses."""
    token = "0" * 32 + "*53724e00*MzY4NjI="
    core.log_in("victim")
    for number in range(100_000):
        who = "victim" if number % 2 else user(number)
        query = {"userID": who, "token": token}
        core.ask_anything("get_pushers", {}, query=query, address=address(number))


def logins(core: FakeCore) -> None:
    for number in range(21_000):
        core.log_in(user(number))


def streams(core: FakeCore) -> None:
    for number in range(30_000):
        body: Json = {"userID": user(number // 2)}
        core.ask(
            "get_push_url", body, address=f"127.0.{number >> 8 & 255}.{number & 255}"
        )


def rooms(core: FakeCore) -> None:
    """Reserve 10,000 rooms; then open and end 2,000, with a text in each."""
    makers = [user(number) for number in range(300)]
    for maker in makers:
        core.log_in(maker)
    for maker in makers * 34:
        wire = msg.CreateRoom(maker, "x" * 1024).to_wire()
        core.ask_anything("create_room", wire, user=maker)
    core.clock.move(120)
    core.sweep()
    for number in range(2_000):
        core.create("maker", f"room{number}")
        text = msg.SendRoomTextMsg(f"room{number}", "maker", "hello").to_wire()
        core.ask("send_room_text_msg", text, user="maker")
        end = msg.DestroyRoom(f"room{number}", "maker").to_wire()
        core.ask("destroy_room", end, user="maker")
        core.clock.move(1)


def talk(core: FakeCore) -> None:
    """Say 10,000 texts in one room, which changes and watchers come to as well."""
    core.log_in("host")
    wire = msg.CreateRoom("host", "Show", "show", "Host", "1", core.push_url("host"))
    core.ask("create_room", wire.to_wire(), user="host", folder="live_room")
    text = msg.SendRoomTextMsg("show", "host", "x" * 1024).to_wire()
    for number in range(10_000):
        core.clock.move(0.5)
        core.ask("send_room_text_msg", text, user="host", folder="live_room")
        beat = msg.PusherHeartbeat("show", "host").to_wire()
        core.ask("pusher_heartbeat", beat, user="host", folder="live_room")
        field = msg.SetCustomField("show", f"f{number}", msg.FieldChange.INCREASE)
        core.ask("set_custom_field", field.to_wire(), user="host", folder="live_room")
    for number in range(1_000):
        core.log_in(user(number))
        watch = msg.AddAudience("show", user(number), "x" * 1024).to_wire()
        core.ask("add_audience", watch, user=user(number), folder="live_room")


def line(core: FakeCore) -> None:
    for number in range(10_000):
        wanted = msg.QueueSeat(user(number), ("nowhere*",)).to_wire()
        core.ask_anything("queue_seat", wanted)


def reports(core: FakeCore) -> None:
    for number in range(10_000):
        report = FleetReport(f"s{number}", "1", "IDLE", (), 1, 1, 30, {})
        caller = Caller(msg.Dialect.V2, LOOPBACK, user(number))
        with suppress(Refused):  # a table that is full says so
            core.core.fleet.report(caller, report.to_wire())


def listeners(core: FakeCore) -> None:
    """Let 2,000 users join a group and poll it: nothing of them is kept."""
    core.create("owner", "group")
    for number in range(2_000):
        client = ImClient(core, user(number))
        client.log_in()
        client.join("group")
        assert isinstance(client.poll(), dict | ImHold)


def trials(core: FakeCore) -> None:
    for _ in range(10_000):
        core.ask("get_test_pushurl", method="GET", folder="utils")


def repetitions(core: FakeCore) -> None:
    """Reserve rooms under 10,000 request ids, as ever other users."""
    path = "/weapp/double_room/create_room"
    for number in range(2_000):
        core.log_in(user(number))
        query = {"userID": user(number), "token": core.tokens[user(number)]}
        for again in range(5):
            body: Json = {"userID": user(number), "roomInfo": "x" * 1024}
            name = f"request-{number}-{again}"
            core.routes.answer(Asked("POST", path, query, body, LOOPBACK, "", name))


def stills(core: FakeCore) -> None:
    """Begin a small still picture in 1,000 rooms."""
    part = msg.StillPart(4, 0, b"\xff\xd8\xff")
    for number in range(1_000):
        core.create(user(number), f"room{number}")
        wire = msg.PutStill(f"room{number}", user(number), part).to_wire()
        core.ask("put_still", wire, user=user(number))


FLOODS = [
    stills,
    repetitions,
    refusals,
    logins,
    streams,
    rooms,
    talk,
    line,
    reports,
    listeners,
    trials,
]


def beyond(core: FakeCore, bounds: dict[str, int]) -> dict[str, int]:
    """Return the tables that are larger than they may be."""
    sizes = table_sizes(core.core, core.routes)
    sizes.pop("CoreTables.ring")  # it leads to the test's own list of what rang
    return {
        name: size for name, size in sizes.items() if size > bounds.get(name, SMALL)
    }


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_a_flood_ends_at_the_bound_of_its_table_and_ebbs_away(
    flood: Callable[[FakeCore], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR")  # thousands of kiosks fall silent at the end
    core = FakeCore()
    flood(core)

    assert beyond(core, BOUNDS) == {}
    core.clock.move(30 * 24 * 3600)
    # A sweep so late is forgiven; then come 20 s of silence and a minute's memory.
    for _ in range(20):
        core.sweep()
        core.core.fleet.sweep()
        core.clock.move(5)
    assert beyond(core, PACES) == {}


def test_the_bounds_named_here_are_tables_there_are() -> None:
    core = FakeCore()
    core.create("host")
    for flood in (talk, line):
        flood(core)
    core.join("kiosk")

    assert BOUNDS.keys() - table_sizes(core.core, core.routes).keys() <= {
        "_Farewell.members",
        "_Farewell.events",
        "KeptAnswers._by_caller[]",
        "_Kept.answer",
        "Fleet._alarmed",
        "Guesses._tables[][]",
    }
