"""What is said about a still picture: on the customer's screen, and to the other side."""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese commas

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StillWords:
    """
    All texts about a still in one language.

    Attributes:
        question: In large type; ``{name}`` asks.
        terms: What the keys do, and what is so until one is pressed.
        yes: What the green key does while the question stands.
        no: What the mute key does then.
        sending: A badge, from the key until the still is there.
        asked: To the other side, as are all that follow.

    """

    question: str
    terms: tuple[str, ...]
    yes: str
    no: str
    sending: str
    asked: str
    agreed: str
    sent: str
    refused: str
    unanswered: str
    busy: str
    interrupted: str
    failed: str


EN: Final = StillWords(
    question="{name} asks for a photograph",
    terms=(
        "Green button: take it now and send it.",
        "Mute button: no photograph. The call goes on.",
        "Nothing is taken unless you press the green button.",
    ),
    yes="Send photograph",
    no="No photograph",
    sending="Sending the photograph",
    asked="May we have a photograph?",
    agreed="The customer agreed; the photograph is on its way",
    sent="The photograph is there",
    refused="The customer wants no photograph taken",
    unanswered="The customer pressed no button",
    busy="A photograph cannot be asked for now",
    interrupted="The call was interrupted; no photograph was sent",
    failed="The photograph could not be taken or sent",
)

ZH_CN: Final = StillWords(
    question="{name}请求拍摄一张照片",
    terms=(
        "绿色按钮：立即拍摄并发送。",
        "静音按钮：不拍摄，通话继续。",
        "不按绿色按钮，就不会拍摄。",
    ),
    yes="拍摄并发送",
    no="不拍摄",
    sending="正在发送照片",
    asked="可以拍摄一张照片吗？",
    agreed="客户已同意，照片正在发送",
    sent="照片已送达",
    refused="客户不同意拍摄",
    unanswered="客户没有按键",
    busy="现在无法请求拍摄",
    interrupted="通话中断，照片没有发送",
    failed="照片拍摄或发送失败",
)
