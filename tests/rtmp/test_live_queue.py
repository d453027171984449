"""What a live queue forgets, and what it never forgets."""

from __future__ import annotations

from kiosk.rtmp.live_queue import Drops, Kind, LiveQueue, QueueLimits


LIMITS = QueueLimits(video_age=100, audio_age=200, size_bytes=1000)


def queue_of(*units: tuple[int, Kind, str], size: int = 10) -> LiveQueue[str]:
    queue: LiveQueue[str] = LiveQueue(LIMITS)
    for now, kind, unit in units:
        queue.put(now, kind, size, unit)
    return queue


def emptied(queue: LiveQueue[str], now: int) -> list[str]:
    units: list[str] = []
    while (unit := queue.get(now)) is not None:
        units.append(unit)
    return units


def test_units_come_out_in_order_and_audio_first() -> None:
    queue = queue_of(
        (0, Kind.VIDEO_CONFIG, "sps"),
        (0, Kind.IDR, "i0"),
        (1, Kind.AUDIO_CONFIG, "asc"),
        (2, Kind.AUDIO, "a2"),
        (3, Kind.INTER, "p3"),
    )

    assert len(queue) == 5
    assert queue.size_bytes == 50
    assert emptied(queue, 3) == ["asc", "a2", "sps", "i0", "p3"]
    assert (len(queue), queue.size_bytes) == (0, 0)
    assert queue.drops == Drops()


def test_video_that_is_held_back_is_overtaken_by_audio_and_then_goes() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (10, Kind.INTER, "p10"))

    assert queue.get(20, hold_video=50) is None
    assert queue.video_bytes == 20
    queue.put(30, Kind.AUDIO, 10, "a30")
    assert queue.get(30, hold_video=50) == "a30"
    assert queue.get(50, hold_video=50) == "i0"
    assert queue.get(50, hold_video=50) is None
    assert emptied(queue, 50) == ["p10"]


def test_pictures_before_the_first_idr_are_refused() -> None:
    queue = queue_of((0, Kind.INTER, "p0"), (1, Kind.IDR, "i1"), (2, Kind.INTER, "p2"))

    assert emptied(queue, 2) == ["i1", "p2"]
    assert queue.drops == Drops(video_without_idr=1)
    assert not queue.take_idr_wanted()


def test_an_old_picture_costs_everything_up_to_the_next_idr() -> None:
    queue = queue_of(
        (0, Kind.IDR, "i0"),
        (50, Kind.INTER, "p50"),
        (90, Kind.IDR, "i90"),
        (95, Kind.INTER, "p95"),
    )

    assert queue.video_age(100) == 100
    assert emptied(queue, 101) == ["i90", "p95"]
    assert queue.drops == Drops(video_old=2)
    assert not queue.waits_for_idr
    assert not queue.take_idr_wanted()


def test_without_another_idr_everything_goes_and_one_is_wanted_once() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (90, Kind.INTER, "p90"))

    queue.put(101, Kind.INTER, 10, "p101")
    queue.put(102, Kind.INTER, 10, "p102")

    assert emptied(queue, 102) == []
    assert queue.waits_for_idr
    assert queue.take_idr_wanted()
    assert not queue.take_idr_wanted()
    assert queue.drops == Drops(video_old=3, video_without_idr=1)
    queue.put(103, Kind.IDR, 10, "i103")
    assert emptied(queue, 103) == ["i103"]


def test_an_idr_that_comes_unasked_grants_the_wish() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (101, Kind.INTER, "p101"))
    assert queue.waits_for_idr

    queue.put(102, Kind.IDR, 10, "i102")

    assert not queue.take_idr_wanted()


def test_an_idr_that_is_too_old_itself_goes_too() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (1, Kind.IDR, "i1"), (150, Kind.IDR, "i150"))

    assert emptied(queue, 150) == ["i150"]


def test_the_config_outlives_the_pictures() -> None:
    queue = queue_of(
        (0, Kind.VIDEO_CONFIG, "old sps"),
        (0, Kind.IDR, "i0"),
        (1, Kind.VIDEO_CONFIG, "new sps"),
        (1, Kind.IDR, "i1"),
    )

    queue.put(150, Kind.IDR, 10, "i150")

    assert queue.size_bytes == 20
    assert len(queue) == 2
    assert emptied(queue, 150) == ["new sps", "i150"]
    assert queue.drops == Drops(video_old=2)


def test_a_config_alone_may_wait_without_a_drop() -> None:
    queue = queue_of((0, Kind.VIDEO_CONFIG, "sps"), (0, Kind.AUDIO_CONFIG, "asc"))

    assert emptied(queue, 500) == ["asc", "sps"]
    assert queue.drops.total == 0
    assert not queue.take_idr_wanted()


def test_audio_loses_its_oldest_above_its_own_limit() -> None:
    queue = queue_of(
        (0, Kind.AUDIO_CONFIG, "asc"),
        (0, Kind.AUDIO, "a0"),
        (50, Kind.AUDIO, "a50"),
        (201, Kind.AUDIO, "a201"),
    )

    assert queue.audio_age(201) == 151
    assert emptied(queue, 201) == ["asc", "a50", "a201"]
    assert queue.drops == Drops(audio_old=1)


def test_too_many_bytes_cost_video_before_audio() -> None:
    queue = queue_of((0, Kind.AUDIO, "a0"), (0, Kind.IDR, "i0"), size=400)

    queue.put(1, Kind.INTER, 400, "p1")

    assert emptied(queue, 1) == ["a0"]
    assert queue.drops == Drops(video_oversize=2)
    assert queue.take_idr_wanted()


def test_too_many_bytes_of_audio_cost_the_oldest() -> None:
    queue = queue_of((0, Kind.AUDIO, "a0"), (1, Kind.AUDIO, "a1"), size=600)

    assert emptied(queue, 1) == ["a1"]
    assert queue.drops == Drops(audio_oversize=1)
    assert (queue.drops.audio, queue.drops.video, queue.drops.total) == (1, 0, 1)


def test_an_idr_that_fits_survives_what_did_not() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (1, Kind.INTER, "p1"), size=450)

    queue.put(2, Kind.IDR, 450, "i2")

    assert emptied(queue, 2) == ["i2"]


def test_a_restart_forgets_all_and_waits_for_an_idr() -> None:
    queue = queue_of((0, Kind.IDR, "i0"), (0, Kind.AUDIO, "a0"))

    queue.restart()
    queue.put(1, Kind.INTER, 10, "p1")

    assert emptied(queue, 1) == []
    assert queue.size_bytes == 0
    assert queue.drops == Drops(video_moved=1, video_without_idr=1, audio_moved=1)


def test_an_empty_queue_has_no_age() -> None:
    queue = queue_of()

    assert (queue.video_age(9), queue.audio_age(9), queue.get(9)) == (0, 0, None)


def test_what_was_dropped_adds_up() -> None:
    drops = Drops(1, 2, 4, 8, 16, 32, 64)

    assert (drops.video, drops.audio, drops.total) == (15, 112, 127)
