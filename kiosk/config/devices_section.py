"""``[camera]``, ``[microphone]``, ``[speaker]``, ``[audio]``: what sees, hears and speaks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.config.devices import (
    CameraDevice,
    HeadsetDevice,
    MicrophoneDevice,
    SpeakerDevice,
)
from kiosk.config.section import Section


class CameraSection(Section):
    """
    The camera and its encoder.

    Attributes:
        device: ``auto`` is what is there, which the package chooses: ``v4l2`` (USB), or
            ``picamera2`` (the board's own); ``synthetic`` is a drawing; ``file:PATH``.
        preset: Size and quality of the picture that is sent.
        picture_rate: Pictures a second, at most.
        bitrate_kbps: Of the picture; by default what suits the preset.

    """

    device: CameraDevice = "synthetic"
    preset: Literal["180p", "360p", "480p", "720p"] = "360p"
    picture_rate: Annotated[int, Field(ge=1, le=60)] = 30
    bitrate_kbps: Annotated[int, Field(ge=50, le=20_000)] | None = None


class MicrophoneSection(Section):
    """
    The microphone.

    Attributes:
        device: ``alsa`` (which the package chooses) or ``alsa:CARD``; ``synthetic``,
            which beeps, ``tone:HZ`` or ``file:PATH``.
        level: Of its card's own mixer, in percent; by default left as it is.
        test_every_s: How often a card is listened to while nobody calls, until the
            first sound.  One that gives nothing but one sample for 5 s, there or in a
            call, is dead.  0: never, for one that is silent as long as nobody speaks.

    """

    device: MicrophoneDevice = "synthetic"
    level: Annotated[int, Field(ge=0, le=100)] | None = None
    test_every_s: Annotated[int, Field(ge=0, le=86_400)] = 3_600


class SpeakerSection(Section):
    """
    The loudspeaker.

    Attributes:
        device: ``alsa`` (which the package chooses) or ``alsa:CARD``; ``synthetic``,
            which nobody hears, or ``file:PATH``.
        headset: Plays in its place while it is plugged in.
        level: Of the card's own mixer, in percent; by default left as it is.
        volume_db: How much louder than it came each customer's call begins.

    """

    device: SpeakerDevice = "synthetic"
    headset: HeadsetDevice | None = None
    level: Annotated[int, Field(ge=0, le=100)] | None = None
    volume_db: Annotated[int, Field(ge=-24, le=9)] = 0


class AudioSection(Section):
    """
    What is done to the microphone before anybody hears it.

    Attributes:
        noise_suppression: Whether steady noise is taken out of the voice.
        codec: ``auto`` is Opus while everybody who listens is one of ours at
            our own relay, which saves 45 ms of delay, and AAC otherwise.
        echo_canceller: The one to begin with; where it is not to be had, or
            fails, the next of livekit, speex and duck takes over.  ``auto`` is
            livekit for a microphone that can hear the loudspeaker.
        gain_control: Whether quiet and loud voices are brought to one level.

    """

    codec: Literal["auto", "aac"] = "auto"
    echo_canceller: Literal["auto", "livekit", "speex", "duck", "off"] = "auto"
    noise_suppression: bool = True
    gain_control: bool = True
