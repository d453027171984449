"""
Everything the kiosk says to people, by language.

One value a language and one field a text, so that a missing text is a type
error or a failing test and never a gap on a screen.  Plain words, honest ones:
no screen promises what the kiosk has not measured.
"""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese commas

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.ports import ScreenName
from kiosk.ui import live_words, still_words
from kiosk.ui.live_words import LiveWords
from kiosk.ui.screen_words import ScreenWords
from kiosk.ui.still_words import StillWords


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of one language; field names say where they stand."""

    screens: Mapping[ScreenName, ScreenWords]
    call_failed: ScreenWords
    nobody_there: ScreenWords
    press_to_call: str
    call: str
    call_again: str
    hang_up: str
    mute: str
    unmute: str
    muted: str
    not_encrypted: str
    place_in_queue: str
    your_picture: str
    adviser: str
    others: str
    """With a gap for how many: who is in a call of several."""
    is_joining: str
    """In the place of one's picture, as are the two that follow."""
    sound_only: str
    interrupted: str
    for_technicians: str
    poor_connection: str
    not_sent: str
    """Of ourselves, while the others are seen."""
    told_muted: str
    """To the others in the room, as are the five that follow."""
    told_unmuted: str
    told_reconnecting: str
    told_back: str
    told_camera_lost: str
    told_microphone_lost: str
    still: StillWords
    live: LiveWords
    needs_cjk: bool = False


_QUEUE_LINES_EN = (
    "The call starts by itself when it is your turn.",
    "You will hear a chime before the camera opens.",
    "Camera and microphone are off while you wait.",
)

EN: Final = Words(
    screens={
        ScreenName.STARTING: ScreenWords("One moment, please", ("We are starting.",)),
        ScreenName.IDLE: ScreenWords(
            "Talk to an adviser, face to face",
            ("Camera and microphone stay off until you call.",),
        ),
        ScreenName.CONNECTING: ScreenWords(
            "Connecting you to an adviser",
            (
                "Please stay in front of the screen.",
                "This call uses the camera and the microphone.",
            ),
            hangup="Cancel",
        ),
        ScreenName.WAITING: ScreenWords(
            "Waiting for an adviser to join",
            (
                "Please stay in front of the screen.",
                "Camera and microphone are on.",
            ),
            hangup="Cancel",
        ),
        ScreenName.QUEUED: ScreenWords(
            "All advisers are busy. Please wait.",
            _QUEUE_LINES_EN,
            hangup="Leave the queue",
        ),
        ScreenName.IN_CALL: ScreenWords(
            "You are in a call",
            ("There is sound, but no picture from the other side.",),
        ),
        ScreenName.RECONNECTING: ScreenWords(
            "The connection was interrupted",
            (
                "We are restoring your call. Please stay here.",
                "Camera and microphone are on.",
            ),
        ),
        ScreenName.PEER_AWAY: ScreenWords(
            "We have lost the adviser for a moment",
            (
                "Your call goes on when the adviser is back.",
                "Camera and microphone are on.",
            ),
        ),
        ScreenName.NO_ANSWER: ScreenWords(
            "No adviser could answer",
            ("Please try again, or ask a member of staff.",),
        ),
        ScreenName.ENDED: ScreenWords(
            "The call has ended. Thank you.",
            (
                "Please take your ID and your belongings.",
                "Camera and microphone are off.",
            ),
        ),
        ScreenName.BROADCASTING: ScreenWords(
            "You are on air",
            ("Camera and microphone are on, and others can watch.",),
            hangup="Stop",
        ),
        ScreenName.CLOSED: ScreenWords(
            "We are closed now",
            ("Please come back during our opening hours.",),
        ),
        ScreenName.UNCONFIGURED: ScreenWords(
            "This kiosk is not set up yet",
            ("Please ask a member of staff.",),
        ),
        ScreenName.OUT_OF_SERVICE: ScreenWords(
            "This kiosk is out of service",
            (
                "Please go to the counter or ask a member of staff.",
                "Calls are not possible now. We keep trying.",
            ),
        ),
    },
    call_failed=ScreenWords(
        "The call could not go on",
        (
            "Please try again, or ask a member of staff.",
            "Camera and microphone are off.",
        ),
    ),
    nobody_there=ScreenWords(
        "No adviser is there yet. Please wait.",
        _QUEUE_LINES_EN,
        hangup="Leave the queue",
    ),
    press_to_call="Press the green button below",
    call="Call an adviser",
    call_again="Call again",
    hang_up="Hang up",
    mute="Mute",
    unmute="Unmute",
    muted="You are muted",
    not_encrypted="This connection is not encrypted",
    place_in_queue="your place in the queue",
    your_picture="Your picture",
    adviser="Adviser",
    others="{} others",
    is_joining="Joining",
    sound_only="Sound only",
    interrupted="Interrupted",
    for_technicians="For technicians",
    poor_connection="Weak connection",
    not_sent="You are not seen or heard",
    told_muted="Microphone off",
    told_unmuted="Microphone on",
    told_reconnecting="Connection interrupted, one moment please",
    told_back="Connection restored",
    told_camera_lost="The camera failed; the call ends",
    told_microphone_lost="The microphone failed; the call ends",
    still=still_words.EN,
    live=live_words.EN,
)

_QUEUE_LINES_ZH = (
    "轮到您时会自动接通。",
    "摄像头打开前会有提示音。",
    "等候期间摄像头和麦克风保持关闭。",
)

ZH_CN: Final = Words(
    screens={
        ScreenName.STARTING: ScreenWords("请稍候", ("正在启动。",)),
        ScreenName.IDLE: ScreenWords(
            "面对面视频客服",
            ("未通话时，摄像头和麦克风保持关闭。",),
        ),
        ScreenName.CONNECTING: ScreenWords(
            "正在为您接通客服",
            ("请面向屏幕，不要离开。", "通话将使用摄像头和麦克风。"),
            hangup="取消呼叫",
        ),
        ScreenName.WAITING: ScreenWords(
            "正在等待客服接听",
            ("请面向屏幕，不要离开。", "摄像头和麦克风已打开。"),
            hangup="取消呼叫",
        ),
        ScreenName.QUEUED: ScreenWords(
            "客服正忙，请稍候", _QUEUE_LINES_ZH, hangup="离开队列"
        ),
        ScreenName.IN_CALL: ScreenWords("通话中", ("仅有声音，对方暂时没有画面。",)),
        ScreenName.RECONNECTING: ScreenWords(
            "连接中断",
            ("正在恢复通话，请不要离开。", "摄像头和麦克风已打开。"),
        ),
        ScreenName.PEER_AWAY: ScreenWords(
            "客服暂时断开",
            ("客服恢复后通话会继续。", "摄像头和麦克风已打开。"),
        ),
        ScreenName.NO_ANSWER: ScreenWords(
            "暂时无人接听", ("请重试，或咨询工作人员。",)
        ),
        ScreenName.ENDED: ScreenWords(
            "通话结束，感谢您",
            ("请带好证件和随身物品。", "摄像头和麦克风已关闭。"),
        ),
        ScreenName.BROADCASTING: ScreenWords(
            "正在直播",
            ("摄像头和麦克风已打开，他人可以观看。",),
            hangup="停止",
        ),
        ScreenName.CLOSED: ScreenWords("现在不是服务时间", ("请在服务时间内再来。",)),
        ScreenName.UNCONFIGURED: ScreenWords("设备尚未设置", ("请咨询工作人员。",)),
        ScreenName.OUT_OF_SERVICE: ScreenWords(
            "暂停服务",
            ("请前往柜台或咨询工作人员。", "目前无法呼叫，正在重试。"),
        ),
    },
    call_failed=ScreenWords(
        "通话无法继续",
        ("请重试，或咨询工作人员。", "摄像头和麦克风已关闭。"),
    ),
    nobody_there=ScreenWords(
        "客服暂未上线，请稍候", _QUEUE_LINES_ZH, hangup="离开队列"
    ),
    press_to_call="请按下方绿色按钮",
    call="呼叫客服",
    call_again="再次呼叫",
    hang_up="挂断",
    mute="静音",
    unmute="取消静音",
    muted="您已静音",
    not_encrypted="此连接未加密",
    place_in_queue="您的排队位置",
    your_picture="您的画面",
    adviser="客服",
    others="另有 {} 人",
    is_joining="正在加入",
    sound_only="仅有声音",
    interrupted="连接中断",
    for_technicians="技术人员",
    poor_connection="网络连接较弱",
    not_sent="对方看不到、听不到您",
    told_muted="麦克风已关闭",
    told_unmuted="麦克风已打开",
    told_reconnecting="网络中断，请稍候",
    told_back="网络已恢复",
    told_camera_lost="摄像头故障，通话结束",
    told_microphone_lost="麦克风故障，通话结束",
    still=still_words.ZH_CN,
    live=live_words.ZH_CN,
    needs_cjk=True,
)

LANGUAGES: Final[Mapping[str, Words]] = {"en": EN, "zh_CN": ZH_CN}
"""By the name of the locale; the first is the one to fall back to."""
FALLBACK: Final = "en"
