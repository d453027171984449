"""
The playout thread: what is due now, decoded, mixed and written to the speaker.

The speaker's own clock drives everything: ``write`` says when a period will be
heard, which is the master clock that the pictures follow, and the next period
is written just before it is due.  A missing speaker does not stop the pictures: they then run
free, and the speaker is tried again once a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from kiosk.codec.short_wait import wait_shortly
from kiosk.codec.sound_decoder import SoundDecoder
from kiosk.errors import DeviceError, MediaError
from kiosk.media.announcement import Announcement
from kiosk.media.incoming import HeardAt, IncomingStream
from kiosk.media.jitter import AudioPacket, Order
from kiosk.media.limiter import FULL, Limiter
from kiosk.media.loudest import Loudest
from kiosk.media.reference import Reference
from kiosk.media.speaker_pace import SpeakerPace
from kiosk.media.stretch import Concealer, Pcm, Stretch, to_us
from kiosk.media.volume import Volume
from kiosk.media.worker import Worker
from kiosk.ports import (
    SAMPLE_RATE,
    CaptureBack,
    CaptureLost,
    Clock,
    LoudestChanged,
    MediaFact,
    Micros,
    Period,
)
from kiosk.ports import Speaker as SpeakerPort


PERIOD = SAMPLE_RATE // 100
"""Samples decided about and mixed at a time: 10 ms."""

AT_ONCE = 2
"""Periods written at a time: a thread that wakes half as often costs nearly half,
since what it needs has left the processor's caches meanwhile."""

_CALM_US = 100_000
"""With a longer playout delay the network is a bad one, and sound comes at the last
moment: then periods are written one by one."""

_PERIOD_US = to_us(PERIOD)
_RETRY_S = 1.0


class SoundMeter(Protocol):
    """Finds stamped sounds in what is played (``kiosk.codec.beep.BeepMeter``)."""

    def feed(self, pcm: bytes, heard_at: Micros) -> Sequence[float]:
        """Return the latencies in milliseconds that were found."""
        ...


class IncomingSound:
    """
    The sound of one stream, on the playout thread.

    Args:
        make_decoder: Returns the decoder of a config, or raises MediaError.

    """

    def __init__(
        self,
        stream: IncomingStream,
        make_decoder: Callable[[bytes], SoundDecoder] = SoundDecoder,
    ) -> None:
        self.stream = stream
        self._make_decoder = make_decoder
        self._stretch = Stretch()
        self._concealer = Concealer()
        self._decoder: SoundDecoder | None = None
        self._config: bytes = b""
        self._has_played = self._has_decoded = False

    def next_period(self, now: Micros) -> tuple[Pcm | None, int | None]:
        """
        Return the next period and the pts of its first sample.

        Without a pts nothing is due; without samples there is nothing to hear.
        """
        stream = self.stream
        with stream.lock:
            order = stream.jitter.order(_PERIOD_US, self._stretch.held_us, now)
        if order.is_cut:
            self._stretch.cut()
        if not order.is_playing:
            return self._concealed(), None
        if not self._fill(order.speed):
            with stream.lock:
                stream.jitter.ran_dry(now)
            return self._concealed(), None
        samples, pts_us = self._stretch.pull(PERIOD, self._speed(order))
        self._has_played = True
        return self._concealer.played(samples), pts_us

    def _speed(self, order: Order) -> float:
        quiet = order.quiet_speed
        if quiet == order.speed or not self._stretch.can_pull(PERIOD, quiet):
            return order.speed
        return quiet if self._stretch.is_quiet(PERIOD, quiet) else order.speed

    def _fill(self, speed: float) -> bool:
        while not self._stretch.can_pull(PERIOD, speed):
            with self.stream.lock:
                packet = self.stream.jitter.take()
            if packet is None:
                return False
            self._push(packet)
        return True

    def _push(self, packet: AudioPacket) -> None:
        """Decode a packet; a damaged one is as long a gap, which keeps time."""
        try:
            self._stretch.push(self._decoded(packet), packet.pts_us)
        except MediaError:
            self.stream.counters.concealed_us += packet.duration_us
            gap = np.zeros(packet.duration_us * SAMPLE_RATE // 1_000_000, np.float32)
            if self._has_decoded:
                gap = self._concealer.noise(gap.size)
            self._stretch.push_gap(gap, packet.pts_us)

    def _decoded(self, packet: AudioPacket) -> bytes:
        config = packet.config
        if self._decoder is None or config != self._config:
            self._decoder = self._make_decoder(config)
            self._config = config
        pcm = self._decoder.decode(packet.payload)
        self._has_decoded = True
        return pcm

    def _concealed(self) -> Pcm | None:
        """Fill a gap; what is held for less than a period is kept for its end."""
        if not self._has_played:
            return None
        if not self.stream.jitter.is_starving:
            self._has_played = False
            self._stretch.clear()
            return None
        self.stream.counters.concealed_us += _PERIOD_US
        return self._concealer.conceal(self._stretch.held(), PERIOD)


class Playout:
    """Mixes all streams of a player into one speaker."""

    def __init__(
        self,
        make_speaker: Callable[[], SpeakerPort],
        clock: Clock,
        post: Callable[[MediaFact], None],
        *,
        reference: Reference,
        meter: SoundMeter | None,
        volume_db: float = 0.0,
    ) -> None:
        self._make_speaker = make_speaker
        self._clock = clock
        self._post = post
        self._reference = reference
        self._meter = meter
        self._announcement = Announcement()
        self._volume = Volume(volume_db)
        self._limiter = Limiter()
        self._loudest = Loudest()
        self._sounds: tuple[IncomingSound, ...] = ()
        self._is_reported = False
        self._speaker: SpeakerPort | None = None
        self._underruns_before = 0  # of the loudspeakers that failed

    @property
    def underruns(self) -> int:
        """How often the loudspeaker had nothing to play."""
        speaker = self._speaker
        now = 0 if speaker is None else speaker.underruns
        return self._underruns_before + now

    def add(self, stream: IncomingStream) -> None:
        """Mix a stream in from now on; on the event loop."""
        self._sounds = (*self._sounds, IncomingSound(stream))

    def remove(self, stream: IncomingStream) -> None:
        """Leave a stream out from now on; on the event loop."""
        self._sounds = tuple(s for s in self._sounds if s.stream is not stream)

    def set_volume(self, decibels: float) -> None:
        """Play louder or softer from the next period on; any thread."""
        self._volume.set(decibels)

    def announce(self, pcm: bytes) -> None:
        """Say samples where no voice is due; on the event loop."""
        self._announcement.say(pcm)

    def run(self, worker: Worker) -> None:
        """Play until told to stop: the body of the thread."""
        while not worker.stopping.is_set():
            self._underruns_before = self.underruns
            self._speaker = speaker = self._make_speaker()
            try:
                speaker.open(self._tap)
                self._play(worker, speaker)
            except DeviceError as exc:
                self._report(exc)
            finally:
                speaker.close()
            self._wait_without_speaker(worker)

    def _play(self, worker: Worker, speaker: SpeakerPort) -> None:
        pace = SpeakerPace()
        while not wait_shortly(worker.stopping, pace.wait_s(self._clock.now())):
            worker.beat()
            periods = [self._mix() for _ in range(self._at_once())]
            at = speaker.write(_s16(np.concatenate([mixed for mixed, _ in periods])))
            pace.wrote(at, len(periods) * _PERIOD_US)
            self._report_back()
            for number, (_, heard) in enumerate(periods):
                for stream, pts_us in heard:
                    stream.heard = HeardAt(pts_us, Micros(at + number * _PERIOD_US))

    def _at_once(self) -> int:
        delays = (sound.stream.jitter.target_us for sound in self._sounds)
        return AT_ONCE if max(delays, default=0) <= _CALM_US else 1

    def _mix(self) -> tuple[Pcm, list[tuple[IncomingStream, int]]]:
        now = self._clock.now()
        voices: list[Pcm] = []
        heard: list[tuple[IncomingStream, int]] = []
        powers: dict[str, float] = {}
        for sound in self._sounds:
            samples, pts_us = sound.next_period(now)
            if samples is not None:
                voices.append(samples)
                powers[sound.stream.user_id] = _power(samples)
            if pts_us is not None:
                heard.append((sound.stream, pts_us))
        said = self._announcement.next_period(PERIOD, voice_is_due=bool(heard))
        if said is not None:
            voices.append(said)
        if self._loudest.hear(powers):
            self._post(LoudestChanged(self._loudest.user_id))
        return self._together(voices), heard

    def _together(self, voices: list[Pcm]) -> Pcm:
        """
        Return the sum of voices, as loud as wanted and within full scale.

        One alone always is, as it came.
        """
        is_plain = self._volume.is_plain and self._limiter.gain == 1.0
        if len(voices) == 1 and is_plain:
            return voices[0]
        mixed = np.zeros(PERIOD, np.float32)
        for voice in voices:
            mixed += voice
        return self._limiter.limit(self._volume.turned(mixed))

    def _tap(self, period: Period) -> None:
        """Take what was really played: for the canceller and the meter."""
        self._reference.played(period)
        if self._meter is None:
            return
        sounds = self._sounds
        for latency_ms in self._meter.feed(period.pcm, period.captured_at):
            if len(sounds) != 1:
                continue  # of several, nobody knows whose it was
            counters = sounds[0].stream.counters
            counters.audio_latency.add(latency_ms)
            video_ms = counters.video_latency.newest
            if video_ms is not None:
                counters.av_offset.add(video_ms - latency_ms)

    def _report(self, exc: DeviceError) -> None:
        if not self._is_reported:
            self._is_reported = True
            self._post(CaptureLost(exc.device, str(exc)))

    def _report_back(self) -> None:
        if self._is_reported:
            self._is_reported = False
            self._post(CaptureBack("speaker"))

    def _wait_without_speaker(self, worker: Worker) -> None:
        """Let time pass, so that sound does not pile up into a late burst."""
        for _ in range(round(_RETRY_S / 0.1)):
            worker.beat()
            if worker.stopping.wait(0.1):
                return


def _s16(limited: Pcm) -> bytes:
    """Return samples within full scale, rounded."""
    rounded = np.rint(limited)
    np.maximum(rounded, -32768, out=rounded)  # not clip: its wrapping costs more
    np.minimum(rounded, 32767, out=rounded)
    return rounded.astype("<i2").tobytes()


def _power(samples: Pcm) -> float:
    """Return the mean square, full scale being 1."""
    return float(samples @ samples) / (samples.size * FULL * FULL)
