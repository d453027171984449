"""What may be under way to a page, by what it says it took in."""

from __future__ import annotations

from kiosk.agentdesk.ack_window import AckWindow
from kiosk.agentdesk.framing import SEQUENCES


MS = 1000


def test_units_are_numbered_and_sent_while_the_page_keeps_up() -> None:
    window = AckWindow()

    numbers = [window.sent(at * MS) for at in (0, 33, 66)]
    window.acked(1, 70 * MS)

    assert numbers == [0, 1, 2]
    assert window.waits_us(80 * MS) == 14 * MS
    assert window.is_open(80 * MS)


def test_a_page_that_says_nothing_is_sent_nothing_after_a_moment() -> None:
    window = AckWindow()
    window.sent(0)

    assert window.is_open(250 * MS)
    assert not window.is_open(251 * MS)
    window.acked(0, 260 * MS)
    assert window.is_open(260 * MS)


def test_a_long_way_is_no_slow_page() -> None:
    window = AckWindow()
    window.sent(0)
    window.acked(0, 200 * MS)
    window.sent(1000 * MS)

    assert window.is_open(1450 * MS)
    assert not window.is_open(1451 * MS)


def test_a_page_that_was_never_quick_may_still_not_hold_more_than_a_second() -> None:
    window = AckWindow()
    window.sent(0)
    window.acked(0, 5000 * MS)
    window.sent(5000 * MS)

    assert window.is_open(6000 * MS)
    assert not window.is_open(6001 * MS)


def test_too_many_units_at_once_wait() -> None:
    window = AckWindow()
    for _ in range(512):
        window.sent(0)

    assert not window.is_open(0)


def test_an_acknowledgement_of_what_was_never_sent_changes_nothing() -> None:
    window = AckWindow()
    window.sent(0)
    window.acked(SEQUENCES - 1, 10)

    assert window.waits_us(20) == 20
    assert AckWindow().waits_us(20) == 0
