"""Two keys live at a time; a new one takes over without ending anything."""

from __future__ import annotations

import base64
import secrets
from itertools import chain, repeat
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typing_extensions import override

from kiosk.room.stream_ticket import new_key
from kiosk.roomserver.guesses import Guesses
from kiosk.roomserver.key_ring import KeyRing
from kiosk.roomserver.key_routes import KeyDoor
from kiosk.roomserver.key_terms import KeyTerms
from kiosk.roomserver.operators import Operators
from kiosk.roomserver.store_ledger import ForgetfulLedger, Ledger, Shelf
from kiosk.roomserver.store_sqlite import open_ledger
from tests.fakes.room_core import HandClock


DAY_S = 24 * 3600.0
PASSWORD = "fedcba9876543210"


def ring_of(
    clock: HandClock | None = None,
    ledger: Ledger | None = None,
    rotate_s: float = DAY_S,
) -> KeyRing:
    clock = clock or HandClock()
    return KeyRing(
        secrets.token_bytes,
        clock.server_clock(),
        ledger or ForgetfulLedger(),
        rotate_s=rotate_s,
    )


def test_a_new_key_signs_and_the_one_before_is_still_good() -> None:
    ring = ring_of()
    first = ring.signing
    ring.rotate()
    second = ring.signing
    ring.rotate()

    assert ring.kids == (ring.signing.kid, second.kid)
    assert ring.find(second.kid) == second
    assert ring.find(first.kid) is None


def test_a_key_signs_as_long_as_it_is_told_and_no_longer() -> None:
    clock = HandClock()
    ring = ring_of(clock)
    first = ring.signing
    clock.move(DAY_S - 1)
    ring.sweep()
    stayed = ring.signing is first
    clock.move(1)
    ring.sweep()
    ring.sweep()

    assert stayed
    assert ring.kids == (ring.signing.kid, first.kid)


def test_jumps_of_the_wall_clock_change_no_key() -> None:
    clock = HandClock()
    ring = ring_of(clock)
    first = ring.signing
    for unix in (0, 4_000_000_000, 1_800_000_000):
        clock.unix = unix
        ring.sweep()

    assert ring.signing is first


def test_no_key_is_changed_where_that_is_not_wanted() -> None:
    clock = HandClock()
    ring = ring_of(clock, rotate_s=0)
    clock.move(1000 * DAY_S)
    ring.sweep()

    assert len(ring.kids) == 1


def test_a_revoked_key_is_gone_and_another_one_signs() -> None:
    ring = ring_of()
    first = ring.signing
    ring.rotate()
    second = ring.signing

    assert ring.revoke(second.kid)
    assert not ring.revoke(second.kid)
    assert ring.kids == (ring.signing.kid, first.kid)
    assert ring.revoke(first.kid)
    assert ring.kids == (ring.signing.kid,)


def test_two_live_keys_never_have_one_name() -> None:
    first, second = secrets.token_bytes(5), secrets.token_bytes(5)
    names = iter(chain(repeat(first, 3), repeat(second)))

    def random_bytes(size: int) -> bytes:
        return next(names) if size == 5 else secrets.token_bytes(size)

    ring = KeyRing(
        random_bytes, HandClock().server_clock(), ForgetfulLedger(), rotate_s=0
    )
    ring.rotate()

    assert len(set(ring.kids)) == 2


async def test_keys_outlive_the_process_and_their_age_does(tmp_path: Path) -> None:
    path, clock = tmp_path / "rooms.db", HandClock()
    ledger = open_ledger(path, lambda: "era")
    async with ledger.writing():
        ring = ring_of(clock, ledger)
        for _ in range(3):
            ring.rotate()
        kids, keys = ring.kids, [ring.find(kid) for kid in ring.kids]
    clock.move(DAY_S - 5)
    again = open_ledger(path, lambda: "era")
    async with again.writing():
        recalled = ring_of(clock, again)
        kept = recalled.kids
        clock.move(5)
        recalled.sweep()

        assert kept == kids
        assert [recalled.find(kid) for kid in recalled.kids[1:]] == keys[:1]
        assert recalled.kids[0] not in kids


def test_a_rotation_taken_back_leaves_the_key_that_signed_before_it_and_comes_again() -> (
    None
):
    clock, ledger = HandClock(), Noted()
    ring = ring_of(clock, ledger)
    clock.move(DAY_S)
    ring.sweep()
    oldest, signing = ring.kids[1], ring.kids[0]
    clock.move(DAY_S)
    ledger.undone.clear()
    ring.sweep()
    assert ring.kids[1] == signing
    for kid, fact in reversed(ledger.undone):
        ring.take_in(kid, fact)

    assert ring.kids == (signing, oldest)
    ring.sweep()
    assert ring.kids[1] == signing


class Noted(ForgetfulLedger):
    """A ledger that knows how to take back what was noted."""

    def __init__(self) -> None:
        super().__init__()
        self.facts_now: dict[str, dict[str, object]] = {}
        self.undone: list[tuple[str, dict[str, object] | None]] = []

    @override
    def note(self, shelf: Shelf, name: str, fact: dict[str, object]) -> None:
        self.undone.append((name, self.facts_now.get(name)))
        self.facts_now[name] = fact

    @override
    def strike(self, shelf: Shelf, name: str) -> None:
        self.undone.append((name, self.facts_now.pop(name, None)))


class Found(ForgetfulLedger):
    """A ledger with facts that somebody spoilt, and one more than is kept."""

    def __init__(self, **facts: dict[str, object]) -> None:
        super().__init__()
        self.kept = facts
        self.struck: list[str] = []

    @override
    def facts(self, shelf: Shelf) -> tuple[tuple[str, dict[str, object]], ...]:
        return tuple(self.kept.items()) if shelf is Shelf.TICKET_KEY else ()

    @override
    def strike(self, shelf: Shelf, name: str) -> None:
        self.struck.append(name)


def test_a_spoilt_key_is_left_out_and_so_is_one_too_many() -> None:
    good = {"push": "00" * 32, "play": "01" * 32, "made": 1_800_000_000}
    ledger = Found(
        bad1={"push": "00" * 32, "made": 5},
        bad2={**good, "play": "no hex"},
        old2={**good},
        one2={**good},
        two2={**good},
    )
    ring = ring_of(HandClock(), ledger)

    assert ring.kids == ("two2", "one2")
    assert ledger.struck == ["bad1", "bad2", "old2"]


@pytest.mark.parametrize(
    ("terms", "cause"),
    [
        ({"valid_s": 59}, "valid_s"),
        ({"session_s": 0}, "session_s"),
        ({"rotate_s": -1}, "rotate_s"),
        ({"rotate_s": 3600, "session_s": 3601}, "shorter than session_s"),
    ],
)
def test_terms_that_cannot_work_are_refused_by_name(
    terms: dict[str, float], cause: str
) -> None:
    with pytest.raises(ValueError, match=cause):
        KeyTerms(**terms)  # type: ignore[arg-type]


def test_a_key_is_named_in_the_log_and_never_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    ring = ring_of()
    key = ring.signing
    ring.revoke(key.kid)

    told = " ".join(str(record.__dict__) for record in caplog.records)
    assert key.kid in told
    assert key.push.hex() not in told + repr(key) + repr(new_key(secrets.token_bytes))


# -- the operators' routes ------------------------------------------------------


class Door:
    """The routes for operators, asked over ASGI."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.ring = ring_of()
        clock = HandClock()
        guesses = Guesses(lambda: clock.monotonic)
        operators = Operators(password.encode(), guesses)
        door = KeyDoor(self.ring, operators, ForgetfulLedger())
        self.app = Starlette(routes=door.routes())

    async def ask(self, path: str, *, basic: str = "", bearer: str = "") -> int:
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        if basic:
            pair = base64.b64encode(f"op:{basic}".encode()).decode()
            headers = {"authorization": f"Basic {pair}"}
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport) as client:
            url = f"http://server/keys/{path}"
            answer = await client.post(url, headers=headers)
            got = await client.get(url, headers=headers)
        assert got.status_code == 405
        if answer.status_code == 200:
            assert answer.json() == {"kids": list(self.ring.kids)}
        return answer.status_code


async def test_operators_rotate_and_revoke_keys() -> None:
    door = Door()
    first = door.ring.signing.kid

    assert await door.ask("rotate", bearer=PASSWORD) == 200
    second = door.ring.signing.kid
    assert door.ring.kids == (second, first)
    assert await door.ask(f"revoke?kid={first}", bearer=PASSWORD) == 200
    assert door.ring.kids == (second,)
    assert await door.ask(f"revoke?kid={first}", bearer=PASSWORD) == 404
    assert await door.ask("rotate", bearer=PASSWORD) == 200
    assert await door.ask("revoke", bearer=PASSWORD) == 200
    assert second not in door.ring.kids
    assert len(door.ring.kids) == 1


async def test_keys_are_for_operators_only() -> None:
    door, nobody = Door(), Door("")
    kids = door.ring.kids

    for path in ("rotate", "revoke"):
        assert await door.ask(path) == 401
        assert await door.ask(path, bearer="wrong") == 401
        # A browser would send this along for any page that asks it to.
        assert await door.ask(path, basic=PASSWORD) == 401
        assert await nobody.ask(path, bearer=PASSWORD) == 404
    for _ in range(5):
        await door.ask("revoke", bearer="wrong")
    assert await door.ask("revoke", bearer=PASSWORD) == 429
    assert door.ring.kids == kids
