"""The sound of a call between two of ours is Opus, until a stranger listens."""

from __future__ import annotations

from dataclasses import replace

from kiosk.codec.opus import OpusEncoder, OpusUnit
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import SoundUnit
from kiosk.ports import Layer, Micros, Peer
from kiosk.rtmp import flv
from kiosk.rtmp.events import AudioTag
from tests.fakes.media_kit import QUICK, MediaKit, open_relay, until
from tests.fakes.rtmp_sockets import playing


async def test_two_of_ours_talk_in_opus_and_a_stranger_who_joins_gets_aac() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        begun = pusher.stats.audio_codec
        await player.play(Peer("a", "Anna", url), Layer.BASE)
        await until(lambda: pusher.stats.audio_codec == "opus")
        await until(lambda: len(kit.speaker.latencies_ms) >= 2)
        async with playing(url) as stranger:
            await until(lambda: pusher.stats.audio_codec == "aac")
            await stranger.wait_until(lambda: stranger.count(AudioTag) > 10)
            tags = [flv.parse_audio(tag.payload) for tag in stranger.of(AudioTag)]
            heard = len(kit.speaker.latencies_ms)
            await until(lambda: len(kit.speaker.latencies_ms) > heard)
        await until(lambda: pusher.stats.audio_codec == "opus")
        await player.close()
        await pusher.close()

    assert begun == "aac"
    assert {type(tag) for tag in tags} == {flv.AacConfig, flv.AacUnit}
    assert isinstance(tags[0], flv.AacConfig)


async def test_the_relay_is_listened_to_while_nothing_but_sound_is_sent() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        kit.camera.stall()
        await player.play(Peer("a", "Anna", url), Layer.BASE)
        await until(lambda: pusher.stats.audio_codec == "opus")
        await player.close()
        await pusher.close()


async def test_who_may_only_send_aac_never_says_that_it_could_do_otherwise() -> None:
    kit = MediaKit(replace(QUICK, opus=False))
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        player = kit.session.new_player(kit.facts.append)
        await pusher.start(url)
        await player.play(Peer("a", "Anna", url), Layer.BASE)
        await until(lambda: len(kit.speaker.latencies_ms) >= 2)
        codec = pusher.stats.audio_codec
        await player.close()
        await pusher.close()

    assert codec == "aac"


def test_the_encoder_changes_between_two_periods_and_stamps_stay_true() -> None:
    encoder = MicrophoneEncoder()
    units: list[SoundUnit] = []
    for i in range(60):
        encoder.use_opus(wanted=20 <= i < 40)
        units += encoder.encode(bytes(960), Micros(1_000_000 + i * 10_000))
    packets = [unit for unit in units if isinstance(unit, OpusUnit)]

    assert 9 <= len(packets) <= 10
    assert packets[0].captured_at == 1_200_000 - 6_500
    assert not encoder.is_opus
    assert encoder.opus_config == OpusEncoder().config


async def test_a_machine_without_the_library_of_opus_hears_and_is_heard_in_aac() -> (
    None
):
    ours, without = MediaKit(), MediaKit(replace(QUICK, has_opus=False))
    async with open_relay() as (_, host, port):
        urls = [f"rtmp://{host}:{port}/live/{name}" for name in ("k1", "k2")]
        pushers = [kit.session.new_pusher(kit.facts.append) for kit in (ours, without)]
        players = [kit.session.new_player(kit.facts.append) for kit in (ours, without)]
        for pusher, url in zip(pushers, urls, strict=True):
            await pusher.start(url)
        for player, url in zip(players, reversed(urls), strict=True):
            await player.play(Peer("a", "Anna", url), Layer.BASE)
        await until(lambda: len(ours.speaker.latencies_ms) >= 2)
        await until(lambda: len(without.speaker.latencies_ms) >= 2)
        codecs = [pusher.stats.audio_codec for pusher in pushers]
        for player, pusher in zip(players, pushers, strict=True):
            await player.close()
            await pusher.close()

    assert codecs == ["aac", "aac"]
