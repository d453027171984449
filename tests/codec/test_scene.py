"""The drawn scene."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.codec.i420 import planes_of
from kiosk.codec.presets import PRESETS
from kiosk.codec.scene import NOISES, PERSONS, Scene, clothes
from tests.fakes.h264_wire import clip


@pytest.mark.parametrize("name", PRESETS.keys())
def test_it_can_be_drawn_in_every_preset(name: str) -> None:
    width, height = PRESETS[name].width, PRESETS[name].height
    picture = Scene(width, height).draw(0)

    assert picture.shape == (height * 3 // 2, width)
    assert picture.std() > 10


def test_it_moves() -> None:
    scene = Scene(320, 240)
    first = scene.draw(0).copy()

    moved = np.abs(scene.draw(2 * NOISES).astype(int) - first)

    assert moved.max() > 50


def test_it_stays_inside_the_picture_for_a_minute() -> None:
    scene = Scene(64, 36)

    shapes = {scene.draw(number).shape for number in range(1800)}

    assert shapes == {(54, 64)}


def test_everybody_wears_another_colour() -> None:
    worn = {clothes(person) for person in range(PERSONS + 1)}
    _, u, v = planes_of(Scene(320, 180, person=3).draw(0))

    assert len(worn) == PERSONS + 1
    assert (u[85, 80], v[85, 80]) == clothes(3)


def test_it_costs_an_encoder_something() -> None:
    sizes = [len(unit.data) for unit in clip(10)]

    assert min(sizes[1:]) > 200
