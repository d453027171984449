from __future__ import annotations

import pytest

from kiosk.app.daemon_settings import settings_of
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_reply
from kiosk.daemon.replies import Reply


@pytest.mark.parametrize(
    ("text", "pattern", "answer"),
    [
        ("One moment, please.", "", "One moment, please."),
        ("?where => Main Street 1", "?where", "Main Street 1"),
        (" *hear me*  =>  Yes. ", "*hear me*", "Yes."),
        ("a=>b", "", "a=>b"),
        ("a => b => c", "a => b", "c"),
    ],
)
def test_a_reply_is_a_text_or_a_pattern_with_a_text(
    text: str, pattern: str, answer: str
) -> None:
    assert parse_reply(text) == (pattern, answer)


@pytest.mark.parametrize("text", ["", " ", " => Yes", "?where => ", "two\nlines"])
def test_half_a_reply_is_a_mistake(text: str) -> None:
    with pytest.raises(ValueError, match=r"needs|must not"):
        parse_reply(text)


def test_the_daemon_is_told_its_replies_in_order() -> None:
    config = KioskConfig.model_validate(
        {
            "room": {"server": "https://a"},
            "call": {"replies": ["Please wait.", "?where => Main Street 1"]},
        }
    )

    assert settings_of(config).replies == (
        Reply("Please wait."),
        Reply("Main Street 1", "?where"),
    )
