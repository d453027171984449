"""Reads the clock painted into what a canvas of a page shows, the simulator's or the desk's."""

from __future__ import annotations

import base64
import time
from typing import Any

from playwright.async_api import Locator

from tests.fakes.painted_time import painted_seconds


_READ = """(canvas) => {
  const { width, height } = canvas, top = Math.ceil(width / 16);
  if (getComputedStyle(canvas).display === "none" || height < top) return null;
  const rgba = canvas.getContext("2d").getImageData(0, 0, width, top).data;
  let grey = "";
  for (let i = 0; i < rgba.length; i += 4)
    grey += String.fromCharCode((rgba[i] + rgba[i + 1] * 2 + rgba[i + 2]) >> 2);
  return [width, btoa(grey)];
}"""
"""The clock is as high as a sixteenth of the width."""


async def painted_on(canvas: Locator) -> float | None:
    """Return the time painted on a canvas, monotonic; None without a clock in sight."""
    read: list[Any] | None = await canvas.evaluate(_READ)
    if read is None:
        return None
    width, grey = read
    return painted_seconds(base64.b64decode(grey), width, time.monotonic())
