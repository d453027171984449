"""The kiosk's ``[call]`` section: how a call goes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.config.section import Section
from kiosk.config.values import ReplyText


Seconds = Annotated[float, Field(gt=0, le=3600)]
Replies = Annotated[tuple[ReplyText, ...], Field(strict=False, max_length=32)]


class CallSection(Section):
    """
    How a call goes. Durations in seconds.

    Attributes:
        role: ``agent`` calls by itself and waits in its room.
        consent_s: How long a customer may take to agree.
        reserve_s: How long finding a seat may take.
        publish_s: How long it may take until we publish.
        answer_s: How long somebody may take to answer.
        picture_s: How long the first picture may take after that.
        reconnect_s: How long our own stream may take to come back.
        grace_s: How long a party that vanished may take to return.
        chime_s: How long before the camera opens a customer in the queue is warned.
        ended_s: How long the last screen stays.
        consent: Whether the customer is asked before the camera opens.
        notices: Whether the others in the room are told of a switched
            microphone, a broken connection and a failed device.
        replies: Texts that ``kiosk say`` sends by number, from 1; one with a
            pattern also answers the texts that fit it.

    """

    role: Literal["kiosk", "agent"] = "kiosk"
    consent: bool = False
    consent_s: Seconds = 60.0
    reserve_s: Seconds = 8.0
    publish_s: Seconds = 3.0
    answer_s: Seconds = 60.0
    picture_s: Seconds = 10.0
    reconnect_s: Seconds = 15.0
    grace_s: Seconds = 30.0
    chime_s: Seconds = 3.0
    ended_s: Seconds = 8.0
    notices: bool = True
    replies: Replies = ()
