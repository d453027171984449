"""A seat that was taken over is its new holder's: the old one's late words change nothing."""

from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from tests.fakes.room_core import FakeCore


def taken_over() -> tuple[FakeCore, int, int]:
    """Return a desk where the kiosk came back, the epochs it had and has."""
    core = FakeCore()
    core.create("agent")
    core.join("kiosk")
    before = int(str(core.beat("kiosk")["epoch"]))
    core.join("kiosk")
    return core, before, int(str(core.beat("kiosk")["epoch"]))


def test_leaving_late_under_an_old_epoch_is_5_and_keeps_the_new_seat() -> None:
    core, old, new = taken_over()
    cuts = list(core.relay.cuts)

    late = msg.DeletePusher("desk", "kiosk", old).to_wire()
    assert core.ask("delete_pusher", late, user="kiosk")["code"] == 5

    assert list(core.members("agent")) == ["agent", "kiosk"]
    assert core.relay.cuts == cuts
    own = msg.DeletePusher("desk", "kiosk", new).to_wire()
    assert core.ask("delete_pusher", own, user="kiosk")["code"] == 0
    assert list(core.members("agent")) == ["agent"]


def test_a_heartbeat_under_an_old_epoch_is_5_and_keeps_nobody() -> None:
    core, old, new = taken_over()

    for _ in range(6):
        core.clock.move(5.0)
        core.beat("agent")
        stale = msg.PusherHeartbeat("desk", "kiosk", old).to_wire()
        assert core.ask("pusher_heartbeat", stale, user="kiosk")["code"] == 5
        core.sweep()

    assert list(core.members("agent")) == ["agent"]
    own = msg.PusherHeartbeat("desk", "kiosk", new).to_wire()
    assert core.ask("pusher_heartbeat", own, user="kiosk")["code"] == 5


def test_who_knows_no_epoch_means_his_seat_whichever_it_is() -> None:
    core, _, new = taken_over()
    wire = msg.PusherHeartbeat("desk", "kiosk").to_wire()

    assert "epoch" not in wire
    assert core.ask("pusher_heartbeat", wire, user="kiosk")["epoch"] == new


@pytest.mark.parametrize("route", ["delete_pusher", "pusher_heartbeat"])
@pytest.mark.parametrize(("epoch", "code"), [(-1, 1), ("4", -1), (1.5, -1), (True, -1)])
def test_an_epoch_that_is_none_is_refused(route: str, epoch: object, code: int) -> None:
    core, _, _ = taken_over()
    wire: dict[str, object] = {"roomID": "desk", "userID": "kiosk", "epoch": epoch}

    assert core.ask(route, wire, user="kiosk")["code"] == code
