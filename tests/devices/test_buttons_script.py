"""Buttons that a text file presses."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from kiosk.devices.buttons_script import (
    LARGEST_SCRIPT,
    ButtonScript,
    ScriptButtons,
    ScriptedPress,
    parse_script,
    read_script,
)
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import ConfigError
from kiosk.ports import Button
from tests.fakes.waiting import wait_until


def test_a_script_lists_presses_in_seconds_after_the_start() -> None:
    script = parse_script("# a call\n2.5 call\n\n10 HANGUP # done\n", "demo")

    assert script.presses == (
        ScriptedPress(2.5, Button.CALL),
        ScriptedPress(10.0, Button.HANGUP),
    )
    assert list(script.all_presses()) == list(script.presses)


def test_a_script_repeats_as_many_rounds_as_it_says() -> None:
    script = parse_script("1 call\n2 hangup\nrepeat 30 3", "demo")

    assert [press.after_s for press in script.all_presses()] == [1, 2, 31, 32, 61, 62]


def test_a_script_without_a_number_of_rounds_never_ends() -> None:
    script = parse_script("1 mute\nrepeat 10", "demo")

    endless = [press.after_s for press in islice(script.all_presses(), 1000)]

    assert endless[-1] == 9991.0


def test_a_button_is_held_for_as_long_as_the_script_says() -> None:
    script = parse_script("1 mute 5\n1.5 hangup 0.5\n3 call\n4 hangup 9", "demo")

    assert list(script.all_edges()) == [
        (1.0, Button.MUTE, True),
        (1.5, Button.HANGUP, True),
        (2.0, Button.HANGUP, False),
        (3.0, Button.CALL, True),
        (3.0, Button.CALL, False),
        (4.0, Button.HANGUP, True),
        (6.0, Button.MUTE, False),
        (13.0, Button.HANGUP, False),
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "no press in it"),
        ("# nothing\n", "no press in it"),
        ("1 cal", 'demo, line 1: "cal" is no button; there are call, hangup, mute, '),
        ("one call", 'demo, line 1: "one" is no number of seconds'),
        ("-1 call", "seconds run from 0 to 86400, not -1"),
        ("nan call", "seconds run from 0 to 86400"),
        ("1e9 call", "seconds run from 0 to 86400"),
        ("5 call\n3 hangup", "demo, line 2: 3 s comes after 5 s; sort by time"),
        ("1 call now", 'demo, line 1: "now" is no number of seconds'),
        ("1 call 2 3", 'demo, line 1: "1 call 2 3" is not like "2.5 call"'),
        ("1 call 61", "a button is held for at most 60 s"),
        ("1 call\nrepeat", '"repeat" is not like "repeat 30"'),
        ("1 call\nrepeat 1", "a round of 1 s ends before its last press"),
        ("1 call\nrepeat 2 x", 'demo, line 2: "x" is no number of rounds'),
        ("1 call\nrepeat 2 0", "rounds run from 1 to 1000000, not 0"),
        ("1 call\nrepeat 2\n3 mute", "demo, line 3: .*follows the line with repeat"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_right(
    text: str, mistake: str
) -> None:
    with pytest.raises(ConfigError, match=mistake):
        parse_script(text, "demo")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_script("x call\n1 ring\n2 call\nrepeat 1", "demo")

    assert [line.split(":")[0] for line in caught.value.mistakes] == [
        "demo, line 1",
        "demo, line 2",
        "demo, line 4",
    ]


def test_control_characters_of_a_script_do_not_reach_the_message() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_script("1 \x1b[2Jring" + "g" * 1000, "demo")

    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_script_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text("0 call\n")

    assert read_script(path).presses == (ScriptedPress(0.0, Button.CALL),)


def test_a_missing_or_huge_script_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere: cannot be read: No such file"):
        read_script(tmp_path / "nowhere")
    huge = tmp_path / "huge"
    huge.write_bytes(b"\n" * (LARGEST_SCRIPT + 1))

    with pytest.raises(ConfigError, match="larger than 65536 bytes"):
        read_script(huge)


def test_a_script_presses_its_rounds_and_its_thread_ends_with_it() -> None:
    script = ButtonScript(
        "demo", (ScriptedPress(0.0, Button.MUTE),), round_s=0.005, rounds=4
    )
    seen: list[bool] = []
    buttons = ScriptButtons(MonotonicClock(), script)

    buttons.start(lambda edge: seen.append(edge.is_down))

    assert wait_until(lambda: seen == [True, False] * 4)
    buttons.close()
    assert "1 presses" in buttons.probe().found
