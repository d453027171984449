"""The queue for seats: who is next, and what it costs to be late."""

from __future__ import annotations

from kiosk.room.queue_requests import QueuePlace, QueueSeat
from kiosk.room.room_types import RoomType
from kiosk.room.wire_json import Wire
from kiosk.roomserver.queue import QueueRules, SeatQueue, bell_of
from kiosk.roomserver.rooms import CreatorLeaves, Entrant, RoomRules, Rooms
from kiosk.roomserver.spaces import key_of
from kiosk.roomserver.store import MemoryStore
from kiosk.roomserver.store_ledger import ForgetfulLedger, Shelf


DOUBLE = RoomType.DOUBLE
HOLD_S = 10.0


class Branch:
    """Rooms, their queue, and a clock moved by hand."""

    def __init__(
        self, rules: QueueRules | None = None, *, stay: bool = False, capacity: int = 2
    ) -> None:
        leaves = CreatorLeaves.STAY if stay else CreatorLeaves.DISBAND
        self.now = 0.0
        self.rung: list[str] = []
        self.rooms = Rooms(
            RoomRules(capacity=capacity, creator_leaves=leaves),
            MemoryStore(),
            self._changed,
            lambda _: None,
        )
        ledger = ForgetfulLedger()
        ledger.serve(self)
        self.queue = SeatQueue(rules or QueueRules(), self.rooms, ledger)
        self.streams = 0

    def _changed(self, key: str) -> None:
        self.queue.room_changed(key, self.now)

    def take_in(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        """Nothing comes from elsewhere."""

    def missed(self) -> None:
        """Nothing is ever missed."""

    def follow_up(self, shelf: Shelf, name: str, fact: Wire | None) -> None:
        if shelf is Shelf.BELL:
            self.rung += self.queue.moved()

    def open(
        self, room_id: str, agent: str = "", label: str = "", kind: RoomType = DOUBLE
    ) -> None:
        """Open a room with its agent in it."""
        agent = agent or f"agent-{room_id}"
        key = key_of(kind, room_id)
        self.rooms.reserve(key, agent, label or room_id, self.now)
        self.sit(room_id, agent, kind)

    def sit(self, room_id: str, user: str, kind: RoomType = DOUBLE) -> None:
        self.streams += 1
        entrant = Entrant(user, user, "", f"s{self.streams}", 0)
        self.rooms.join(key_of(kind, room_id), entrant, self.now)

    def ask(
        self, user: str, *targets: str, kind: RoomType = DOUBLE, hold_s: float = HOLD_S
    ) -> QueuePlace:
        asked = QueueSeat(user, targets or ("desk",), 0, hold_s)
        return self.queue.line_up(kind, asked, self.now)

    def may_sit(self, room_id: str, user: str) -> bool:
        record = self.rooms.find(room_id)
        assert record is not None
        return self.queue.may_sit(record, user)


def in_line(position: int, reason: str = "full") -> QueuePlace:
    return QueuePlace("", "", position, position - 1, reason)


def busy_branch(rules: QueueRules | None = None) -> Branch:
    """Return a branch whose only desk serves a customer."""
    branch = Branch(rules)
    branch.open("desk", label="Desk")
    branch.sit("desk", "first")
    return branch


def test_a_free_seat_is_given_at_once_and_kept() -> None:
    branch = Branch()
    branch.open("desk", label="Desk")

    assert branch.ask("ann") == QueuePlace("desk", "Desk")
    assert branch.may_sit("desk", "ann")
    assert not branch.may_sit("desk", "bob")


def test_customers_line_up_in_the_order_they_came() -> None:
    branch = busy_branch()

    assert [branch.ask(user) for user in ("ann", "bob", "cyd")] == [
        in_line(1),
        in_line(2),
        in_line(3),
    ]


def test_a_freed_seat_is_kept_for_the_first_and_refused_to_the_others() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.ask("bob")
    branch.rooms.leave("desk", "first")

    assert branch.ask("bob") == in_line(1)
    assert branch.ask("ann") == QueuePlace("desk", "Desk")
    assert not branch.may_sit("desk", "bob")
    assert not branch.may_sit("desk", "stranger")
    assert branch.may_sit("desk", "ann")


def test_whoever_took_his_seat_is_out_of_the_queue() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.ask("bob")
    branch.rooms.leave("desk", "first")
    branch.sit("desk", "ann")

    assert len(branch.queue) == 1
    assert branch.ask("bob") == in_line(1)


def test_waiting_polls_are_told_when_their_place_moves_and_only_then() -> None:
    branch = busy_branch()
    for user in ("ann", "bob"):
        branch.ask(user)
    branch.sit("desk", "first")  # the same again: nobody moves
    assert branch.rung == []

    branch.rooms.leave("desk", "first")

    assert branch.rung == [bell_of(DOUBLE, "ann"), bell_of(DOUBLE, "bob")]


def test_leaving_the_line_moves_up_who_came_later() -> None:
    branch = busy_branch()
    for user in ("ann", "bob", "cyd"):
        branch.ask(user)
    branch.queue.leave(DOUBLE, "ann", branch.now)
    branch.queue.leave(DOUBLE, "nobody", branch.now)

    assert branch.ask("bob") == in_line(1)
    assert branch.ask("cyd") == in_line(2)


def test_a_kept_seat_that_is_given_back_goes_to_the_next() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.ask("bob")
    branch.rooms.leave("desk", "first")
    branch.queue.leave(DOUBLE, "ann", branch.now)

    assert branch.ask("bob").room_id == "desk"


def test_a_seat_nobody_comes_for_goes_to_the_next_in_time() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.rooms.leave("desk", "first")
    branch.now = 8.0
    branch.ask("bob")
    branch.now = 10.1
    branch.queue.sweep(branch.now)

    assert branch.ask("bob").room_id == "desk"
    assert branch.ask("ann") == in_line(1)


def test_asking_again_keeps_the_seat_but_not_for_ever() -> None:
    branch = busy_branch(QueueRules(turn_s=10.0, longest_turn_s=25.0))
    branch.ask("ann")
    branch.rooms.leave("desk", "first")
    for branch.now in (9.0, 18.0, 24.0):
        assert branch.ask("ann").room_id == "desk"
    branch.now = 25.1
    branch.ask("bob")

    assert branch.ask("bob").room_id == "desk"
    assert branch.ask("ann") == in_line(1)


def test_whoever_falls_silent_loses_his_place() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.now = 14.0
    branch.ask("bob")
    assert branch.ask("bob") == in_line(2)
    branch.now = 15.1

    assert branch.ask("bob") == in_line(1)
    assert branch.queue.place_of(bell_of(DOUBLE, "ann")).position == 0


def test_the_first_wanted_room_with_a_free_seat_is_given() -> None:
    branch = Branch()
    for room_id in ("one", "two", "three"):
        branch.open(room_id)
    branch.sit("two", "somebody")

    assert branch.ask("ann", "two", "t*", "one").room_id == "three"
    assert branch.ask("bob", "two", "t*", "one").room_id == "one"
    assert branch.ask("cyd", "two", "t*", "one") == in_line(1)


def test_only_those_who_wait_for_the_same_rooms_count_as_ahead() -> None:
    branch = Branch()
    for room_id in ("loans", "cards"):
        branch.open(room_id)
        branch.sit(room_id, "somebody")
    branch.ask("ann", "loans")
    branch.ask("bob", "cards")

    assert branch.ask("cyd", "cards") == in_line(2)
    assert branch.ask("dan", "*") == in_line(4)


def test_a_room_that_opens_is_given_to_the_first_who_waits_for_it() -> None:
    branch = Branch()
    assert branch.ask("ann", "cards") == in_line(1, "absent")
    assert branch.ask("bob", "loans") == in_line(1, "absent")
    branch.open("room_9", label="loans")

    assert branch.ask("bob", "loans") == QueuePlace("room_9", "loans")
    assert branch.ask("ann", "cards") == in_line(1, "absent")


def test_a_room_that_closes_costs_the_seat_but_not_the_place() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.ask("bob")
    branch.rooms.leave("desk", "first")
    branch.rooms.leave("desk", "agent-desk")
    assert branch.queue.place_of(bell_of(DOUBLE, "ann")) == in_line(1, "absent")
    assert branch.ask("bob") == in_line(2, "absent")
    branch.open("desk")

    assert branch.ask("ann").room_id == "desk"


def test_a_seat_lost_with_its_room_is_sought_elsewhere() -> None:
    branch = Branch()
    for room_id in ("one", "two"):
        branch.open(room_id)
    assert branch.ask("ann", "*").room_id == "one"
    branch.rooms.leave("one", "agent-one")

    assert branch.queue.place_of(bell_of(DOUBLE, "ann")).room_id == "two"


def test_a_room_whose_creator_is_away_is_not_given() -> None:
    branch = Branch(stay=True)
    branch.open("desk")
    branch.sit("desk", "first")
    branch.ask("ann")
    branch.rooms.leave("desk", "agent-desk")

    assert branch.ask("ann") == in_line(1)


def test_one_room_with_several_seats_serves_several() -> None:
    branch = Branch(capacity=4)
    branch.open("desk")

    assert [branch.ask(user).position for user in "abcd"] == [0, 0, 0, 1]


def test_room_types_have_lines_of_their_own() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.open("desk", kind=RoomType.MULTI)

    assert branch.ask("ann", kind=RoomType.MULTI).room_id == "desk"
    assert branch.ask("ann") == in_line(1)


def test_whoever_comes_back_to_his_own_seat_need_not_line_up() -> None:
    branch = busy_branch()
    branch.ask("ann")

    assert branch.ask("first") == QueuePlace("desk", "Desk")
    assert branch.ask("first", "cards") == in_line(1, "absent")


def test_other_targets_are_another_wish_and_begin_at_the_end() -> None:
    branch = busy_branch()
    branch.ask("ann")
    branch.ask("bob")

    assert branch.ask("ann", "desk", "cards") == in_line(2)


def test_a_full_queue_answers_and_keeps_nobody_else() -> None:
    branch = busy_branch(QueueRules(max_waiting=1))
    branch.ask("ann")

    assert branch.ask("bob") == QueuePlace(ahead=1, reason="full")
    assert len(branch.queue) == 1
