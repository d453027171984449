"""What a kiosk says whose call button goes on air, where it differs from a caller's."""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese commas

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ScreenName
from kiosk.ui.screen_words import ScreenWords


@dataclass(frozen=True, slots=True)
class LiveWords:
    """
    Texts of one language.

    Attributes:
        screens: In the place of those of a caller's kiosk.
        start: What the green button does.

    """

    screens: Mapping[ScreenName, ScreenWords]
    start: str


EN: Final = LiveWords(
    screens={
        ScreenName.IDLE: ScreenWords(
            "Broadcast from here",
            ("Camera and microphone stay off until you go on air.",),
        ),
        ScreenName.CONNECTING: ScreenWords(
            "Going on air",
            ("This uses the camera and the microphone.",),
            hangup="Cancel",
        ),
        ScreenName.ENDED: ScreenWords(
            "The broadcast has ended.", ("Camera and microphone are off.",)
        ),
    },
    start="Go on air",
)

ZH_CN: Final = LiveWords(
    screens={
        ScreenName.IDLE: ScreenWords(
            "从这里开始直播", ("开始直播前，摄像头和麦克风保持关闭。",)
        ),
        ScreenName.CONNECTING: ScreenWords(
            "正在开始直播", ("直播将使用摄像头和麦克风。",), hangup="取消"
        ),
        ScreenName.ENDED: ScreenWords("直播已结束", ("摄像头和麦克风已关闭。",)),
    },
    start="开始直播",
)
