"""What screens say that ask, end, are closed, or belong to the technician."""

# ruff: noqa: RUF001 -- Chinese sentences have Chinese punctuation

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.ports import (
    Button,
    Inspected,
    Micros,
    Probe,
    ScreenFacts,
    ScreenName,
    StillScene,
)
from kiosk.ui.fault import Nameplate
from kiosk.ui.opening import opening_lines
from kiosk.ui.plain import duration, plain
from kiosk.ui.screens import screen_content
from kiosk.ui.texts import Texts
from tests.fakes.screen_content import BANK, ON_THE_STRIP, _content, _lit


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "00:00"),
        (0, "00:00"),
        (59.99, "00:59"),
        (754, "12:34"),
        (3600, "1:00:00"),
        (36_061, "10:01:01"),
        (10**9, "99:00:00"),
    ],
)
def test_a_duration_is_minutes_and_seconds_and_hours_when_needed(
    seconds: float, shown: str
) -> None:
    assert duration(Micros(7), Micros(7 + int(seconds * 1e6))) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  Li \n Wen\t", "Li Wen"),
        ("a\x00b\x1b[2Jc", "a b [2Jc"),
        ("left \u202eright", "left right"),
        ("\ud800", ""),
        ("李" * 40, "李" * 31 + "…"),
        ("x " * 10_000, "x x x x x x x x x x x x x x x x…"),
    ],
)
def test_text_from_outside_is_made_plain_and_short(text: str, shown: str) -> None:
    assert plain(text, 32) == shown


def test_a_question_for_a_still_says_who_asks_and_what_each_key_does() -> None:
    facts = ScreenFacts(still=StillScene.ASKED, asked_by="Agent Wang", muted=True)

    content = _content(ScreenName.IN_CALL, facts)

    assert content.still is not None
    assert content.still.question == "Agent Wang asks for a photograph"
    assert "Nothing is taken unless you press the green button." in content.still.terms
    assert [(key.button, key.label) for key in content.strip] == [
        (Button.CALL, "Send photograph"),
        (Button.MUTE, "No photograph"),
        (Button.HANGUP, "Hang up"),
    ]
    assert _lit(content) == ON_THE_STRIP


@pytest.mark.parametrize(
    "name", [name for name in ScreenName if name is not ScreenName.IN_CALL]
)
def test_no_other_screen_asks_for_a_still(name: ScreenName) -> None:
    facts = ScreenFacts(still=StillScene.ASKED, asked_by="Agent Wang")

    assert _content(name, facts) == _content(name)


def test_a_still_on_its_way_is_said() -> None:
    content = _content(ScreenName.IN_CALL, ScreenFacts(still=StillScene.SENDING))

    assert [notice.text for notice in content.notices] == ["Sending the photograph"]
    assert content.still is None


def test_an_unnamed_peer_asks_as_the_adviser() -> None:
    content = _content(ScreenName.IN_CALL, ScreenFacts(still=StillScene.ASKED))

    assert content.still is not None
    assert content.still.question.startswith("Adviser asks")


def test_the_idle_screen_says_in_each_other_language_how_to_come_to_it() -> None:
    others = [Texts("zh_CN"), Texts("zh_TW")]

    def lines(name: ScreenName) -> tuple[str, ...]:
        content = screen_content(
            name,
            ScreenFacts(),
            texts=Texts("en"),
            branding=BANK,
            now=Micros(0),
            others=others,
        )
        return content.lines

    assert lines(ScreenName.IDLE)[1:] == (
        "简体中文：请长按绿色按钮",
        "繁體中文：請長按綠色按鈕",
    )
    assert lines(ScreenName.ENDED) == _content(ScreenName.ENDED).lines


def test_the_question_for_consent_says_what_each_key_does_and_shows_nobody() -> None:
    content = _content(ScreenName.CONSENT)

    assert "see and hear you" in content.title
    assert "Green button" in content.lines[1]
    assert "camera stays closed" in content.lines[2]
    assert [key.label for key in content.strip] == ["I agree", "Mute", "Go back"]
    assert not content.self_view


def test_a_kiosk_that_is_not_set_up_is_known_by_its_serial_number() -> None:
    content = screen_content(
        ScreenName.UNCONFIGURED,
        ScreenFacts(reason="C001 put in a USB stick"),
        texts=Texts("en"),
        branding=BANK,
        now=Micros(0),
        wall_time="14:32",
        nameplate=Nameplate("0.1.0", "10000000abcd"),
    )

    assert content.fault is not None
    assert content.fault.heading == "Serial number 10000000abcd"


def test_the_qr_code_of_a_fault_says_which_device_it_is() -> None:
    content = screen_content(
        ScreenName.OUT_OF_SERVICE,
        ScreenFacts(reason="R007 no answer"),
        texts=Texts("zh_TW"),
        branding=BANK,
        now=Micros(0),
        nameplate=Nameplate("0.1.0", "10000000abcd"),
    )

    assert content.fault is not None
    assert content.fault.qr == (
        "kiosk 0.1.0 10000000abcd\nSample Bank, Chaoyang Branch\nR007 no answer"
    )


def test_an_end_names_the_call_and_how_long_it_lasted() -> None:
    facts = ScreenFacts(reference="7K2-M4Q", talked_us=Micros(134_900_000))

    ended = _content(ScreenName.ENDED, facts)
    failed = _content(ScreenName.ENDED, replace(facts, reason="M004 gone"))
    unanswered = _content(ScreenName.NO_ANSWER, ScreenFacts(reference="7K2-M4Q"))

    assert ended.lines[-1] == "Duration 02:14, reference 7K2-M4Q"
    assert failed.lines[-1] == "Reference 7K2-M4Q"
    assert unanswered.lines[-1] == "Reference 7K2-M4Q"
    assert "7K2-M4Q" not in " ".join(_content(ScreenName.IDLE, facts).lines)


@pytest.mark.parametrize("name", ScreenName)
def test_recording_is_said_where_our_stream_flows_and_only_while_it_is_acknowledged(
    name: ScreenName,
) -> None:
    flows = name in {
        ScreenName.WAITING,
        ScreenName.IN_CALL,
        ScreenName.PEER_AWAY,
        ScreenName.BROADCASTING,
    }
    told = [
        notice.text for notice in _content(name, ScreenFacts(recording=True)).notices
    ]

    assert told == (["This call is being recorded"] if flows else [])
    assert _content(name).notices == ()


WEEK = ("09:00-12:30,13:30-17:00", None, "09:00-17:00", None, None, "closed", None)


@pytest.mark.parametrize(
    ("local", "lines"),
    [
        (
            (0, 8 * 60),
            ("Today: 09:00–12:30, 13:30–17:00", "We open again today at 09:00."),
        ),
        (
            (0, 13 * 60),
            ("Today: 09:00–12:30, 13:30–17:00", "We open again today at 13:30."),
        ),
        ((1, 600), ("We open again tomorrow at 09:00.",)),
        ((3, 600), ("We open again on Monday at 09:00.",)),
        ((6, 600), ("We open again tomorrow at 09:00.",)),
        (None, ()),
    ],
)
def test_a_closed_kiosk_says_when_it_is_open(
    local: tuple[int, int] | None, lines: tuple[str, ...]
) -> None:
    content = screen_content(
        ScreenName.CLOSED,
        ScreenFacts(),
        texts=Texts("en"),
        branding=BANK,
        now=Micros(0),
        week=WEEK,
        local=local,
    )

    assert content.lines == ("Please come back during our opening hours.", *lines)


def test_a_week_with_one_day_opens_again_in_a_week() -> None:
    week = (None, "09:00-17:00", None, None, None, None, None)

    lines = opening_lines(week, 1, 18 * 60, Texts("zh_TW"))

    assert lines == ("今日服務時間：09:00–17:00", "星期二 09:00 恢復服務。")


def test_a_week_that_is_closed_altogether_promises_nothing() -> None:
    assert opening_lines(("closed",) * 7, 1, 600, Texts("en")) == ()


def test_the_technicians_page_names_every_row_and_every_button_leaves_it() -> None:
    found = tuple((what, Probe(f"{what.value}!")) for what in Inspected)

    content = _content(ScreenName.TECHNICIAN, ScreenFacts(inspection=found))
    waiting = _content(ScreenName.TECHNICIAN)

    assert len({label for label, _ in content.rows}) == len(Inspected)
    assert ("Room server", "server!") in content.rows
    assert _lit(content) == ON_THE_STRIP
    assert waiting.rows == ()
    assert _content(ScreenName.IDLE, ScreenFacts(inspection=found)).rows == ()
