"""Who is marked as talking, and how steady the mark is."""

from __future__ import annotations

from kiosk.media.loudest import Loudest


LOUD, LOUDER, BREATH = 0.01, 0.1, 1e-7
"""-20, -10 and -70 dBFS."""


def hear(loudest: Loudest, ms: int, **powers: float) -> list[str]:
    """Return whom the mark moved to, in order."""
    periods = range(ms // 10)
    return [loudest.user_id for _ in periods if loudest.hear(powers)]


def test_nobody_is_marked_while_nobody_talks() -> None:
    loudest = Loudest()

    assert hear(loudest, 3000, anna=BREATH, bruno=0.0) == []


def test_who_talks_is_marked_and_the_mark_goes_after_a_pause() -> None:
    loudest = Loudest()

    assert hear(loudest, 500, anna=LOUD, bruno=BREATH) == ["anna"]
    assert hear(loudest, 1000, anna=BREATH, bruno=BREATH) == []
    assert hear(loudest, 2000, anna=BREATH, bruno=BREATH) == [""]


def test_a_cough_takes_the_mark_from_nobody() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUD, bruno=BREATH)

    assert hear(loudest, 100, anna=LOUD, bruno=LOUDER) == []
    assert hear(loudest, 500, anna=LOUD, bruno=BREATH) == []
    assert loudest.user_id == "anna"


def test_who_is_clearly_louder_for_a_while_gets_it() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUD, bruno=BREATH)

    assert hear(loudest, 500, anna=LOUD, bruno=LOUDER) == ["bruno"]


def test_two_as_loud_as_each_other_do_not_swap_it() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUD, bruno=BREATH)
    for _ in range(20):
        assert hear(loudest, 300, anna=LOUD, bruno=LOUD * 1.5) == []
        assert hear(loudest, 300, anna=LOUD * 1.5, bruno=LOUD) == []


def test_who_answers_gets_it_at_once_though_the_other_was_louder_before() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUDER, bruno=BREATH)

    assert hear(loudest, 800, anna=BREATH, bruno=LOUD) == ["bruno"]


def test_two_rivals_in_turn_are_not_one() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUD, bruno=BREATH, carla=BREATH)
    for _ in range(5):
        hear(loudest, 150, anna=LOUD, bruno=LOUDER, carla=BREATH)
        hear(loudest, 150, anna=LOUD, bruno=BREATH, carla=LOUDER * 30)

    assert loudest.user_id != "bruno"


def test_the_mark_goes_with_who_leaves() -> None:
    loudest = Loudest()
    hear(loudest, 500, anna=LOUD, bruno=BREATH)

    assert hear(loudest, 10, bruno=BREATH) == [""]
