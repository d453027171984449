"""Every target by its name."""

from __future__ import annotations

from tests.fuzz.target import Target
from tests.fuzz.targets import files, http, keys, room, rtmp, screens


TARGETS: dict[str, Target] = {
    target.name: target
    for module in (rtmp, room, keys, files, http, screens)
    for target in module.TARGETS
}
