"""What the media of all desks' pages come to, counted for the operator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class DeskCounts:
    """
    Counters since the server began; whoever serves metrics prints them.

    Attributes:
        pages: Media sockets open now.
        units_down, bytes_down: Sent to pages.
        units_dropped_down: Too old, or a page too slow, or hidden.
        idrs_asked: Of kiosks, for pages.
        plays_lost: Streams of kiosks that ended or were refused.
        units_up, bytes_up: Sent to relays, as they went out.
        units_dropped_up: Too old for the relay, or too many for us.
        pictures_transcoded: VP8 in, H.264 out.
        transcode_us: Processor time of our threads for pictures and sound.
        pushes_lost: Streams of pages that ended or were refused.
        odd_messages: That no page of ours sends.

    """

    pages: int = 0
    units_down: int = 0
    bytes_down: int = 0
    units_dropped_down: int = 0
    idrs_asked: int = 0
    plays_lost: int = 0
    units_up: int = 0
    bytes_up: int = 0
    units_dropped_up: int = 0
    pictures_transcoded: int = 0
    transcode_us: int = 0
    pushes_lost: int = 0
    odd_messages: int = 0
