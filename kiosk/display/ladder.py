"""
Down the ladder of plans: which of them the driver takes, asked with TEST_ONLY.

The test is of real framebuffers in the state that will be committed; what was refused
and why is kept, for the log and ``kiosk doctor``.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kiosk.display.buffers import Pool
from kiosk.display.card import Card
from kiosk.display.layouts import layout_of
from kiosk.display.mailbox import News, Off, Page, Shown
from kiosk.display.pipe import Pipe
from kiosk.display.places import fitted
from kiosk.display.plan import Picture, Plan, Rung, plans
from kiosk.display.present import ask, page_format
from kiosk.display.uapi_numbers import Fourcc
from kiosk.ports import Layer, Rect


_VIDEO, _OTHER_VIDEO = (1280, 720), (960, 540)
_SELF_VIEW = (320, 180)


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture as it may come: what it is, its size and its place."""

    width: int
    height: int
    at: Rect
    is_video: bool = False


def usual_samples(size: tuple[int, int]) -> dict[Layer, Sample]:
    """
    Return what a call shows at most: video that is scaled, self-view and overlay.

    Args:
        size: Width and height of the display.

    """
    width, height = size
    video = _VIDEO if size != _VIDEO else _OTHER_VIDEO
    quarter = Rect(0, 0, width // 4 & ~1, height // 4 & ~1)
    return {
        Layer.BASE: Sample(*video, fitted(video, size), is_video=True),
        Layer.PIP: Sample(*_SELF_VIEW, quarter, is_video=True),
        Layer.OVER: Sample(width, height, Rect(0, 0, width, height)),
    }


def samples_of(newest: Mapping[Layer, News]) -> dict[Layer, Sample]:
    """Return what is shown right now, or waits."""
    samples: dict[Layer, Sample] = {}
    for layer, news in newest.items():
        if isinstance(news, Shown):
            picture = news.picture
            size = picture.width, picture.height
            samples[layer] = Sample(*size, picture.at, news.is_video)
        elif isinstance(news, Page):
            frame = news.frame
            samples[layer] = Sample(frame.width, frame.height, news.at)
        else:
            assert isinstance(news, Off)
    return samples


def pictures_of(newest: Mapping[Layer, News]) -> list[Picture]:
    """Return what planes are or would be told."""
    return [news.picture for news in newest.values() if isinstance(news, Shown)]


class Ladder:
    """
    The plans of one display.

    Args:
        card: Is asked.
        pipe: What lights the display.

    Attributes:
        refused: Why plans are not used.

    """

    def __init__(self, card: Card, pipe: Pipe) -> None:
        self._card = card
        self._pipe = pipe
        self._plans, refused = plans(pipe.planes, pipe.crtc)
        self.refused: dict[Rung, str] = dict(refused)

    def first(self, samples: Mapping[Layer, Sample]) -> Plan | None:
        """
        Return the best plan the driver takes and that did not fail yet.

        Raises:
            OSError: If it is not the plan: the card is gone, or is not ours.

        """
        for plan in self._left():
            try:
                self._test(plan, samples)
            except OSError as error:
                if not is_refusal(error):
                    raise
                self.refuse(plan, error)
            else:
                return plan
        return None

    def refuse(self, plan: Plan, error: OSError) -> None:
        """Note why a plan failed."""
        self.refused[plan.rung] = error.strerror or str(error)

    def _left(self) -> Iterable[Plan]:
        return [plan for plan in self._plans if plan.rung not in self.refused]

    def _test(self, plan: Plan, samples: Mapping[Layer, Sample]) -> None:
        scratch = Pool(self._card, spare=len(Layer))
        pictures: dict[Layer, Picture] = {}
        try:
            for layer, sample in samples.items():
                if layer in plan.seats:
                    pictures[layer] = _picture(scratch, plan, layer, sample, self._pipe)
            ask(self._card, self._pipe, plan, pictures)
            if not plan.is_composed_by_cpu:  # parties beside each other, no page
                pictures.pop(Layer.BASE, None)
                ask(self._card, self._pipe, plan, pictures)
        finally:
            scratch.close(everything=True)


def _picture(
    scratch: Pool, plan: Plan, layer: Layer, sample: Sample, pipe: Pipe
) -> Picture:
    fourcc: Fourcc = plan.video if sample.is_video else page_format(layer)
    width, height, at = sample.width, sample.height, sample.at
    if plan.is_composed_by_cpu:
        width, height = pipe.mode.width, pipe.mode.height
        at = Rect(0, 0, width, height)
    elif not plan.is_scaled_by_hardware:
        width, height = max(2, at.width & ~1), max(2, at.height & ~1)
        at = Rect(at.x, at.y, width, height)
    buffer = scratch.take(layout_of(fourcc, width, height), len(Layer))
    assert buffer is not None
    return Picture(buffer.framebuffer, fourcc, width, height, at)


def is_refusal(error: OSError) -> bool:
    """Whether the driver refuses what was asked, rather than us or altogether."""
    return error.errno in {errno.EINVAL, errno.ENOSPC, errno.ERANGE, errno.ENOMEM}
