"""Several peers at once: everybody is heard, and who talks is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from kiosk.codec.beep import BeepMeter, ToneSource
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.media.player import StreamPlayer
from kiosk.media.pusher import StreamPusher
from kiosk.ports import Layer, LoudestChanged, Peer, PeerSilent, PeerStarted
from tests.fakes.hearing import samples_of, tones_in
from tests.fakes.media_kit import MediaKit, open_relay, until


LAYERS = (Layer.BASE, Layer.SECOND, Layer.THIRD)


@asynccontextmanager
async def talking(url: str, hertz: int) -> AsyncIterator[StreamPusher]:
    """Publish somebody whose voice is a tone."""
    microphone = SyntheticMicrophone(MonotonicClock(), ToneSource(hertz))
    kit = MediaKit(microphone=microphone)
    pusher = kit.session.new_pusher(kit.facts.append)
    await pusher.start(url)
    try:
        yield pusher
    finally:
        await pusher.close()


@asynccontextmanager
async def among(
    kit: MediaKit, **voices: int
) -> AsyncIterator[tuple[StreamPlayer, dict[str, StreamPusher]]]:
    """Play everybody named, each with a voice of so many hertz."""
    async with AsyncExitStack() as stack:
        _, host, port = await stack.enter_async_context(open_relay())
        player = kit.session.new_player(kit.facts.append)
        stack.push_async_callback(player.close)
        pushers: dict[str, StreamPusher] = {}
        for (name, hertz), layer in zip(voices.items(), LAYERS, strict=False):
            url = f"rtmp://{host}:{port}/live/{name}"
            pushers[name] = await stack.enter_async_context(talking(url, hertz))
            await player.play(Peer(name, name.capitalize(), url), layer)
        for name in voices:
            await kit.fact(PeerStarted(name))
        yield player, pushers


def heard(kit: MediaKit, *candidates: int) -> set[int]:
    """Return which tones were in the last half second that was played."""
    return tones_in(samples_of(kit.speaker.played())[-24_000:], candidates)


async def test_three_voices_are_in_the_mix_and_nobody_elses() -> None:
    kit = MediaKit()
    async with among(kit, one=600, two=900, three=1300):
        await until(lambda: heard(kit, 600, 900, 1300, 1700) == {600, 900, 1300})


async def test_who_leaves_is_heard_no_more_and_the_others_are() -> None:
    kit = MediaKit()
    async with among(kit, one=600, two=900) as (player, _):
        await until(lambda: heard(kit, 600, 900) == {600, 900})
        await player.stop("one")

        await until(lambda: heard(kit, 600, 900) == {900})


async def test_the_absence_of_who_comes_back_is_no_freeze_of_its_picture() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        one = Peer("one", "One", f"rtmp://{host}:{port}/live/one")
        player = kit.session.new_player(kit.facts.append)
        async with talking(one.play_url, 600):
            await player.play(one)
            await until(lambda: player.stats[0].pictures_shown >= 5)
            await player.stop("one")
            before = kit.display.count(Layer.BASE).shown
            await player.play(one)
            await until(lambda: player.stats[0].pictures_shown >= before + 5)
        await kit.fact(PeerSilent("one"))
        (stats,) = player.stats
        await player.close()

    assert stats.picture_gap_ms is not None
    assert stats.picture_gap_ms.n == stats.pictures_shown - 2  # two beginnings


async def test_the_mark_goes_to_who_talks() -> None:
    kit = MediaKit()
    async with among(kit, one=600, two=900) as (_, pushers):
        pushers["two"].set_muted(muted=True)
        await until(lambda: heard(kit, 600, 900) == {600})
        await kit.fact(LoudestChanged("one"))

        pushers["one"].set_muted(muted=True)
        pushers["two"].set_muted(muted=False)
        await kit.fact(LoudestChanged("two"))


async def test_what_the_echo_canceller_is_given_is_the_mix() -> None:
    kit = MediaKit()
    reference = kit.session._reference

    def referred() -> set[int]:
        place = reference.place_of(kit.clock.now() - 200_000)
        pcm = b"" if place is None else reference.read(place, 9_600, 1.0)
        return tones_in(samples_of(pcm), (600, 900, 1300))

    async with among(kit, one=600, two=900):
        await until(lambda: referred() == {600, 900})


async def test_stamped_sound_of_several_is_counted_for_nobody() -> None:
    kit = MediaKit(sound_meter=BeepMeter(1000))
    async with among(kit, one=600) as (player, _), beeping(player, "two"):
        await kit.fact(PeerStarted("two"))
        await until(lambda: kit.speaker.latencies_ms != ())

        assert [stats.audio_latency_ms for stats in player.stats] == [None, None]


@asynccontextmanager
async def beeping(player: StreamPlayer, name: str) -> AsyncIterator[None]:
    """Let somebody be played whose voice is the audible clock."""
    kit = MediaKit()
    pusher = kit.session.new_pusher(kit.facts.append)
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/{name}"
        await pusher.start(url)
        await player.play(Peer(name, name, url), Layer.SECOND)
        try:
            yield
        finally:
            await player.stop(name)
            await pusher.close()
