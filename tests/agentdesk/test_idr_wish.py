"""Asking for an IDR: not too often, and never forgotten."""

from __future__ import annotations

from kiosk.agentdesk.idr_wish import IdrWish


def test_nobody_asks_unless_it_is_wanted() -> None:
    assert not IdrWish(200).is_due(1000)


def test_a_wish_is_asked_for_once() -> None:
    wish = IdrWish(200)
    wish.want()
    wish.want()

    assert [wish.is_due(at) for at in (0, 1, 500)] == [True, False, False]


def test_a_wish_that_comes_too_soon_is_asked_for_later() -> None:
    wish = IdrWish(200)
    wish.want()
    wish.is_due(0)
    wish.want()

    assert [wish.is_due(at) for at in (100, 199, 200, 400)] == [
        False,
        False,
        True,
        False,
    ]
