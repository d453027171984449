"""A peer's stream between its threads: what is kept, what is skipped."""

from __future__ import annotations

import pytest

from kiosk.media.incoming import HeardAt, IncomingStream, PictureDrops, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.ports import Layer, Micros
from kiosk.rtmp import flv, opus
from kiosk.rtmp.avc import AvcConfig
from tests.fakes.rtmp_sockets import PPS, SPS


NOW = Micros(1_000_000)


def stream(counters: PlayCounters | None = None) -> IncomingStream:
    made = IncomingStream(
        "a",
        Layer.BASE,
        counters or PlayCounters(),
        bounds=DelayBounds(),
        on_picture=lambda: None,
    )
    config = flv.parse_video(flv.video_config(AvcConfig((SPS,), (PPS,))))
    made.put_video(0, config, NOW)
    return made


def idr(composition_ms: int = 0) -> flv.VideoUnit:
    return flv.VideoUnit(is_idr=True, composition_ms=composition_ms, avcc=b"idr")


INTER = flv.VideoUnit(is_idr=False, composition_ms=0, avcc=b"inter")
SOUND_CONFIG = flv.AacConfig(2, 48_000, 1, b"\x11\x88")


def times(made: IncomingStream) -> list[int]:
    return [picture.pts_us for picture in made.take_pictures()]


def test_pictures_wait_for_the_first_idr() -> None:
    made = stream()
    made.put_video(0, INTER, NOW)
    made.put_video(33, idr(), NOW)
    made.put_video(66, INTER, NOW)

    assert times(made) == [33_000, 66_000]
    assert times(made) == []
    assert made.counters.drops == PictureDrops(without_idr=1)


def test_an_idr_that_stays_away_is_asked_for_again_and_again() -> None:
    made = stream()
    wishes = []
    for at_ms in range(0, 1_100, 33):
        made.put_video(at_ms, INTER, Micros(NOW + at_ms * 1_000))
        wishes.append(made.take_idr_wanted())
    made.put_video(1_100, idr(), Micros(NOW + 1_100_000))
    made.put_video(1_133, INTER, Micros(NOW + 1_133_000))

    assert wishes.index(True) == 16  # half a second after the first
    assert sum(wishes) == 2
    assert not made.take_idr_wanted()


def test_an_idr_is_asked_for_where_parameters_never_came() -> None:
    made = stream()
    made.begin()
    made.put_video(0, idr(), NOW)
    made.put_video(600, idr(), Micros(NOW + 600_000))

    assert times(made) == []
    assert made.take_idr_wanted()


class Woken:
    """Counts how often the renderer was woken for a picture."""

    def __init__(self, *, heard_at: int, looked_at: int | None) -> None:
        self.times = 0
        self.stream = IncomingStream(
            "a",
            Layer.BASE,
            PlayCounters(),
            bounds=DelayBounds(),
            on_picture=self._count,
        )
        config = flv.parse_video(flv.video_config(AvcConfig((SPS,), (PPS,))))
        self.stream.put_video(0, config, NOW)
        self.stream.heard = HeardAt(0, Micros(heard_at))
        self.stream.looked_at = None if looked_at is None else Micros(looked_at)

    def put(self, timestamp_ms: int) -> int:
        """Put a picture; return how often that woke the renderer."""
        self.stream.put_video(timestamp_ms, idr(), NOW)
        times, self.times = self.times, 0
        return times

    def _count(self) -> None:
        self.times += 1


def test_a_picture_wakes_nobody_who_looks_in_time_by_himself() -> None:
    woken = Woken(heard_at=NOW, looked_at=NOW + 20_000)

    assert woken.put(80) == 0
    assert woken.put(45) == 1  # no time left to decode it
    assert woken.put(5_000) == 1  # of another timeline


def test_a_picture_wakes_whoever_asked_to_be_told_or_hears_nothing() -> None:
    assert Woken(heard_at=NOW, looked_at=None).put(80) == 1
    assert Woken(heard_at=NOW - 300_000, looked_at=NOW + 20_000).put(380) == 1


def test_presentation_time_is_decoding_time_and_composition() -> None:
    made = stream()
    made.put_video(100, idr(composition_ms=40), NOW)

    assert times(made) == [140_000]


def test_half_a_second_behind_skips_to_the_newest_idr() -> None:
    made = stream()
    made.put_video(0, idr(), NOW)
    for at_ms in range(33, 700, 33):
        made.put_video(at_ms, idr() if at_ms == 495 else INTER, NOW)

    assert times(made)[0] == 495_000
    assert made.counters.drops == PictureDrops(behind=15)
    assert not made.take_idr_wanted()


def test_behind_without_an_idr_in_reach_asks_for_one_and_decodes_on() -> None:
    made = stream()
    made.put_video(0, idr(), NOW)
    for at_ms in range(33, 700, 33):
        made.put_video(at_ms, INTER, NOW)

    assert times(made)[0] == 0
    assert made.take_idr_wanted()
    assert not made.take_idr_wanted()


def test_a_sender_whose_time_stands_still_cannot_fill_the_memory() -> None:
    made = stream()
    made.put_video(0, idr(), NOW)
    for _ in range(400):
        made.put_video(0, INTER, NOW)

    assert times(made) == []
    assert made.take_idr_wanted()
    assert made.counters.drops == PictureDrops(crowded=301, without_idr=100)


def test_after_damage_pictures_wait_for_the_next_idr() -> None:
    made = stream()
    made.put_video(0, idr(), NOW)
    made.want_idr()
    made.put_video(33, INTER, NOW)
    made.put_video(66, idr(), NOW)

    assert times(made) == [0, 66_000]
    assert made.take_idr_wanted()


def test_pictures_without_their_parameters_are_passed_over() -> None:
    made = stream()
    made.begin()
    made.put_video(0, idr(), NOW)

    assert times(made) == []
    assert made.last_media_at is None


@pytest.mark.parametrize("is_picture", [False, True], ids=["sound", "picture"])
def test_whoever_sends_what_is_not_played_is_there(*, is_picture: bool) -> None:
    made = stream()
    if is_picture:
        hevc = flv.UnknownVideo("hvc1", flv.PacketKind.MEDIA, is_key=True, body=b"x")
        made.put_video(0, hevc, NOW)
    else:
        flac = flv.UnknownAudio("fLaC", flv.PacketKind.MEDIA, b"x")
        made.put_audio(0, flac, NOW)

    assert made.last_media_at == NOW
    assert made.first_sound_at is None
    assert times(made) == []


def test_opus_is_taken_and_a_unit_of_the_other_codec_is_not() -> None:
    made = stream()
    head = flv.OpusConfig(1, opus.head(1, 312, 48_000))
    aac = flv.AacConfig(2, 48_000, 1, b"\x11\x88")
    sound = flv.OpusUnit(b"\xf8a", 20_000)
    made.put_audio(0, sound, NOW)
    made.put_audio(0, head, NOW)
    made.put_audio(0, flv.AacUnit(b"x"), NOW)
    made.put_audio(20, sound, NOW)
    made.put_audio(40, aac, NOW)
    made.put_audio(40, sound, NOW)
    made.put_audio(60, flv.AacUnit(b"y"), NOW)
    taken = [made.jitter.take(), made.jitter.take(), made.jitter.take()]

    assert [packet and packet.pts_us for packet in taken] == [20_000, 60_000, None]
    assert taken[0] is not None
    assert taken[0].duration_us == 20_000
    assert taken[0].config == head.record


def test_sound_waits_for_its_parameters() -> None:
    made = stream()
    made.put_audio(0, flv.AacUnit(b"x"), NOW)
    made.put_audio(0, SOUND_CONFIG, NOW)
    made.put_audio(21, flv.AacUnit(b"x"), NOW)
    packet = made.jitter.take()

    assert packet is not None
    assert (packet.pts_us, packet.duration_us) == (21_000, 21_333)
    assert packet.config == SOUND_CONFIG.record
    assert made.first_sound_at == NOW


def test_an_absurd_sample_rate_counts_as_the_usual_one() -> None:
    made = stream()
    made.put_audio(0, flv.AacConfig(2, 1, 1, b"\x11\x88"), NOW)
    made.put_audio(0, flv.AacUnit(b"x"), NOW)
    packet = made.jitter.take()

    assert packet is not None
    assert packet.duration_us == 21_333


def test_another_connection_begins_with_nothing() -> None:
    made = stream()
    made.put_video(0, idr(), NOW)
    made.put_audio(0, SOUND_CONFIG, NOW)
    made.put_audio(0, flv.AacUnit(b"x"), NOW)
    made.begin()

    assert times(made) == []
    assert made.jitter.buffered_us == 0
    assert made.counters.drops == PictureDrops(moved=1)


def test_the_longest_freeze_is_the_longest_time_between_two_pictures() -> None:
    made = stream()
    for at_us in (0, 33_000, 1_433_000, 1_466_000):
        made.counters.count_shown(Micros(at_us), Micros(at_us - 20_000))
    found = made.stats()

    assert found.pictures_shown == 4
    assert found.picture_gap_ms is not None
    assert (found.picture_gap_ms.n, found.picture_gap_ms.max) == (3, 1_400.0)
    assert found.picture_gap_ms.p50 == pytest.approx(33.0, rel=0.01)
    assert found.picture_hold_ms is not None
    assert found.picture_hold_ms.max == 20.0


def test_a_snapshot_names_the_peer_and_the_delay() -> None:
    stats = stream().stats()

    assert stats.user_id == "a"
    assert stats.playout_target_ms == 60.0
    assert stats.video_latency_ms is None


def test_sound_that_is_thrown_away_is_counted_over_all_streams_of_a_peer() -> None:
    counters = PlayCounters()
    streams = [stream(counters), stream(counters)]
    for made in streams:
        made.put_audio(0, SOUND_CONFIG, NOW)
        for at_ms in range(0, 510, 21):
            made.put_audio(at_ms, flv.AacUnit(b"sound"), NOW)
        made.put_audio(420, flv.AacUnit(b"late"), NOW)
        made.jitter.order(10_000, 0, NOW)  # begins without the backlog
        while made.jitter.take():
            pass
        made.jitter.order(10_000, 0, NOW)
    stats = streams[-1].stats()

    assert (stats.late_packets, stats.underruns) == (2, 2)
    assert stats.cut_ms == pytest.approx(2 * 448, abs=43)
