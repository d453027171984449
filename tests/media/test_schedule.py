"""Which picture is presented when."""

from __future__ import annotations

from kiosk.media.incoming import HeardAt
from kiosk.media.render import LEAD_US, DecodedPicture, Schedule, due_at
from kiosk.ports import Micros
from tests.fakes.frames import grey_frame


NOW = Micros(10_000_000)
HEARD = HeardAt(pts_us=500_000, at=NOW)


def picture(pts_us: int) -> DecodedPicture:
    return DecodedPicture(pts_us, grey_frame(), None, Micros(0))


def started(*pts_us: int) -> Schedule:
    """Return a schedule past its first picture, with others waiting."""
    schedule = Schedule()
    schedule.add(picture(0))
    schedule.take_due(None, NOW)
    for pts in pts_us:
        schedule.add(picture(pts))
    return schedule


def shown(schedule: Schedule, heard: HeardAt | None, now: int = NOW) -> int | None:
    due = schedule.take_due(heard, Micros(now))
    return None if due is None else due.pts_us


def test_the_first_picture_is_shown_at_once_whatever_the_sound() -> None:
    schedule = Schedule()
    schedule.add(picture(900_000))
    due = schedule.next_due(HEARD, NOW)

    assert due == NOW
    assert shown(schedule, HEARD) == 900_000


def test_a_picture_waits_for_its_sound_but_for_a_little_lead() -> None:
    schedule = started(600_000)

    assert shown(schedule, HEARD) is None
    assert schedule.next_due(HEARD, NOW) == NOW + 100_000 - LEAD_US
    assert shown(schedule, HEARD, NOW + 100_000 - LEAD_US) == 600_000


def test_of_several_due_pictures_the_newest_is_shown() -> None:
    schedule = started(433_000, 466_000, 499_000, 600_000)

    assert shown(schedule, HEARD) == 499_000
    assert schedule.dropped == 2


def test_without_sound_the_newest_picture_is_shown_at_once() -> None:
    schedule = started(433_000, 900_000)

    assert shown(schedule, None) == 900_000
    assert schedule.next_due(None, NOW) is None


def test_sound_that_stopped_half_a_second_ago_counts_no_more() -> None:
    schedule = started(900_000)
    old = HeardAt(500_000, Micros(NOW - 500_001))

    assert shown(schedule, old) == 900_000


def test_a_late_picture_is_left_out_when_a_newer_one_is_there() -> None:
    schedule = started(420_000, 600_000)

    assert shown(schedule, HEARD) is None
    assert schedule.dropped == 1


def test_a_late_picture_is_shown_when_there_is_no_other() -> None:
    schedule = started(420_000)

    assert shown(schedule, HEARD) == 420_000


def test_a_picture_far_from_the_sound_is_of_another_timeline() -> None:
    far = picture(5_000_000)

    assert due_at(far, HEARD, NOW) == NOW


def test_one_picture_too_many_goes_and_the_next_that_is_due_stays() -> None:
    schedule = started(*range(600_000, 600_000 + 20 * 33_000, 33_000))
    first_due = due_at(picture(600_000), HEARD, NOW)

    assert schedule.dropped == 4
    assert schedule.next_due(HEARD, NOW) == first_due
    assert shown(schedule, HEARD, first_due) == 600_000


def test_a_restart_drops_what_waits() -> None:
    schedule = started(600_000, 700_000)
    schedule.restart()

    assert schedule.dropped == 2
    assert schedule.next_due(HEARD, NOW) is None
