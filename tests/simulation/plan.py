"""What kind of branch a simulated evening is in: drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from kiosk.call.states import Role
from kiosk.room.messages import Dialect, RoomType
from kiosk.roomserver.rooms import CreatorLeaves
from tests.simulation.party import Wish


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Who is there, and by which rules.

    Attributes:
        customers: Kiosks at which somebody calls.
        agent: Answers, where there is one.

    """

    kind: str
    customers: tuple[Wish, ...]
    agent: Wish | None
    room_type: RoomType = RoomType.DOUBLE
    creator_leaves: CreatorLeaves = CreatorLeaves.DISBAND


def drawn(random: Random) -> Plan:
    """Return a branch of one of the kinds there are."""
    kinds = [_desk, _desk, _several, _own_room, _original, _broadcast]
    return random.choice(kinds)(random)


def _desk(random: Random) -> Plan:
    """One agent, two customers: one of them waits."""
    asks = random.random() < 0.5
    customers = tuple(Wish(name, consent=asks) for name in ("kiosk1", "kiosk2"))
    return Plan("desk", customers, _agent())


def _several(random: Random) -> Plan:
    """Everybody in one room."""
    rooms = RoomType.MULTI
    asks = random.random() < 0.5
    names = ("kiosk1", "kiosk2", "kiosk3")
    customers = tuple(Wish(name, consent=asks, room_type=rooms) for name in names)
    leaves = random.choice(list(CreatorLeaves))
    return Plan("several", customers, _agent(room_type=rooms), rooms, leaves)


def _own_room(random: Random) -> Plan:
    """Whoever comes first opens the room; it outlives him."""
    asks = random.random() < 0.5
    names = ("kiosk1", "kiosk2")[: random.choice([1, 2])]
    customers = tuple(Wish(name, creates=True, consent=asks) for name in names)
    return Plan("own room", customers, _agent(), creator_leaves=CreatorLeaves.STAY)


def _original(random: Random) -> Plan:
    """As the first originals: no logins, no queue, no events."""
    asks = random.random() < 0.5
    names = ("kiosk1", "kiosk2")
    customers = tuple(Wish(name, consent=asks, dialect=Dialect.V1) for name in names)
    return Plan("original", customers, _agent(dialect=Dialect.V1))


def _broadcast(random: Random) -> Plan:
    """On air; nobody answers."""
    role = random.choice(list(Role))
    wish = Wish(
        "kiosk1",
        role=role,
        consent=role is Role.KIOSK and random.random() < 0.5,
        broadcasts=True,
        creates=True,
        room_type=RoomType.LIVE,
        target="stage",
    )
    return Plan("broadcast", (wish,), None, RoomType.LIVE)


def _agent(
    room_type: RoomType = RoomType.DOUBLE, dialect: Dialect | None = None
) -> Wish:
    return Wish("agent", Role.AGENT, creates=True, room_type=room_type, dialect=dialect)
