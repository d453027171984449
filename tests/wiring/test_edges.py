"""The thread that hears edges: asleep until there is one, and never worn out."""

from __future__ import annotations

import logging
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from kiosk.wiring.edges import MOST_WAKES, REST_S, Edges
from kiosk.wiring.lines import Edge, Line
from tests.fakes.leaks import held
from tests.fakes.waiting import wait_until


class Wire:
    """A line whose events come through a pipe."""

    def __init__(self) -> None:
        reader, self._writer = os.pipe()
        self.line = Line(reader, lambda *_: 0)
        self.told: list[Edge] = []

    def turn(self, at_ns: int = 1, *, high: bool = True) -> None:
        os.write(self._writer, struct.pack("=QI36x", at_ns, 1 if high else 2))

    def hang_up(self) -> None:
        with suppress(OSError):
            os.close(self._writer)

    def close(self) -> None:
        self.hang_up()
        self.line.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def edges(wire: Wire) -> Iterator[Edges]:
    edges = Edges()
    yield edges
    edges.close()  # before the line that it may hear


def sleeps(name: str = "gpio") -> int:
    """Return how often the thread of that name went to sleep by itself."""
    thread = next(each for each in threading.enumerate() if each.name == name)
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    (line,) = (row for row in status.splitlines() if row.startswith("voluntary"))
    return int(line.split()[1])


def test_edges_are_told_in_order_with_their_stamps(edges: Edges, wire: Wire) -> None:
    edges.listen(wire.line, wire.told.append)

    wire.turn(5, high=False)
    wire.turn(9)

    assert wait_until(lambda: wire.told == [Edge(5, False), Edge(9, True)])


def test_while_nothing_happens_nothing_wakes(edges: Edges, wire: Wire) -> None:
    edges.listen(wire.line, wire.told.append)
    wire.turn()
    assert wait_until(lambda: len(wire.told) == 1)
    time.sleep(0.1)
    before = sleeps()

    time.sleep(0.5)

    assert sleeps() == before


def test_a_line_that_is_forgotten_is_heard_no_more(edges: Edges, wire: Wire) -> None:
    other = Wire()
    edges.listen(wire.line, wire.told.append)
    edges.listen(other.line, other.told.append)

    edges.forget(wire.line)
    edges.forget(wire.line)
    wire.turn()
    other.turn()

    assert wait_until(lambda: len(other.told) == 1)
    assert wire.told == []
    edges.close()
    other.close()


def test_a_chip_that_goes_does_not_keep_the_thread_awake(
    edges: Edges, wire: Wire
) -> None:
    other = Wire()
    edges.listen(wire.line, wire.told.append)
    edges.listen(other.line, other.told.append)

    wire.turn()
    wire.hang_up()
    assert wait_until(lambda: len(wire.told) == 1)
    time.sleep(0.1)
    before = sleeps()
    time.sleep(0.3)
    asleep = sleeps() == before
    other.turn()

    assert asleep
    assert wait_until(lambda: len(other.told) == 1)
    edges.close()
    other.close()


def rests_of(wire: Wire, turns: int, apart_s: float) -> list[float]:
    """Turn a line so often, so far apart; return what the thread rested."""
    rests: list[float] = []
    times = count(1_000.0, apart_s)
    edges = Edges(lambda: next(times), rests.append)
    edges.listen(wire.line, wire.told.append)
    for turn in range(1, turns + 1):
        wire.turn(turn, high=bool(turn % 2))
        assert wait_until(lambda: len(wire.told) == turn)  # noqa: B023
    edges.close()
    return rests


def test_a_line_that_chatters_is_left_alone_a_moment_and_loses_no_edge(
    wire: Wire,
) -> None:
    rests = rests_of(wire, MOST_WAKES + 10, apart_s=0.001)

    assert rests == [REST_S] * 10
    assert [edge.at_ns for edge in wire.told] == [*range(1, MOST_WAKES + 11)]


def test_neither_a_worn_press_nor_quick_ones_are_chatter(wire: Wire) -> None:
    worn = rests_of(wire, MOST_WAKES, apart_s=0.0005)
    wire.told.clear()

    assert (worn, rests_of(wire, 2 * MOST_WAKES, apart_s=0.02)) == ([], [])


def test_what_is_raised_at_an_edge_is_logged_and_ends_nothing(
    edges: Edges, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    def told(edge: Edge) -> None:
        wire.told.append(edge)
        if len(wire.told) == 1:
            raise ZeroDivisionError("a fault of who listens")

    with caplog.at_level(logging.ERROR):
        edges.listen(wire.line, told)
        wire.turn(1)
        assert wait_until(lambda: len(wire.told) == 1)
        wire.turn(2)

        assert wait_until(lambda: len(wire.told) == 2)
    assert "a fault of who listens" in caplog.text


def test_closing_ends_the_thread_and_it_begins_anew_when_somebody_listens(
    edges: Edges, wire: Wire
) -> None:
    before = held()
    edges.close()
    for _ in range(3):
        edges.listen(wire.line, wire.told.append)
        edges.close()
        edges.close()

    assert held() == before
    edges.listen(wire.line, wire.told.append)
    wire.turn()
    assert wait_until(lambda: len(wire.told) == 1)


def test_it_may_be_closed_by_who_is_told(edges: Edges, wire: Wire) -> None:
    before = held()

    def told(edge: Edge) -> None:
        edges.close()
        wire.told.append(edge)

    edges.listen(wire.line, told)
    wire.turn()

    assert wait_until(lambda: len(wire.told) == 1)
    assert wait_until(lambda: held() == before)
