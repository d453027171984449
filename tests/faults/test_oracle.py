"""The oracle bites: each of the nine invariants, broken once, is told by its number."""

from __future__ import annotations

import json

import pytest

from tests.faults import oracle
from tests.faults.noticing import allows, noticed
from tests.faults.oracle import Breach, Held
from tests.faults.supervising import Record, Sample


REST = {"camera_open": False, "microphone_open": False}
OPEN = {"camera_open": True, "microphone_open": False}


def looks(
    state: str,
    screen: str,
    since: float,
    until: float,
    *,
    devices: dict[str, bool] | None = None,
    painted: float | None = None,
) -> list[Sample]:
    """Return looks every tenth of a second."""
    status = {"state": state, "screen": screen, "devices": devices or REST}
    count = round((until - since) * 10)
    return [Sample(since + n / 10, status, painted) for n in range(count + 1)]


def told(breaches: object) -> list[str]:
    assert isinstance(breaches, list)
    return [one.invariant for one in breaches if isinstance(one, Breach)]


def test_a_camera_that_stays_open_behind_a_call_breaks_the_first() -> None:
    brief = looks("ENDED", "ended", 0.0, 0.8, devices=OPEN) + looks(
        "IDLE", "idle", 0.9, 3.0
    )
    long = looks("IDLE", "idle", 0.0, 1.4, devices=OPEN)
    in_call = looks("IN_CALL", "in_call", 0.0, 9.0, devices=OPEN)

    assert not list(oracle.judge_devices(brief + in_call))
    assert told(list(oracle.judge_devices(long))) == ["I1"]


def test_another_screen_than_the_states_breaks_the_second() -> None:
    passing = looks("ENDED", "in_call", 0.0, 0.3) + looks("ENDED", "ended", 0.4, 2.0)
    wrong = looks("IDLE", "in_call", 0.0, 1.0)

    assert not list(oracle.judge_screens(passing))
    assert told(list(oracle.judge_screens(wrong))) == ["I2"]


def test_an_old_picture_shown_as_if_it_were_now_breaks_the_second() -> None:
    frozen = looks("IN_CALL", "in_call", 10.0, 14.0, devices=OPEN, painted=10.0)
    said = looks("RECONNECTING", "reconnecting", 10.0, 14.0, devices=OPEN, painted=10.0)

    assert told(list(oracle.judge_screens(frozen))) == ["I2"]
    assert not list(oracle.judge_screens(said))


def test_somebody_listed_who_is_not_there_or_twice_breaks_the_fourth() -> None:
    assert told(list(oracle.judge_members(["a", "k"], ["a"], 7.5))) == ["I4"]
    assert told(list(oracle.judge_members(["a", "a"], ["a"], 7.5))) == ["I4"]
    assert not list(oracle.judge_members(["a"], ["a"], 7.5))


@pytest.mark.parametrize(
    "after",
    [
        Held(5, ["pipe"], 1, 0, frozenset()),
        Held(4, ["pipe", "pipe"], 1, 0, frozenset()),
        Held(4, ["pipe"], 3, 0, frozenset()),
        Held(4, ["pipe"], 1, 1, frozenset()),
        Held(4, ["pipe"], 1, 0, frozenset({"left.tmp"})),
    ],
    ids=["thread", "descriptor", "connection", "close-wait", "file"],
)
def test_whatever_is_left_behind_breaks_the_fifth(after: Held) -> None:
    before = Held(4, ["pipe"], 1, 0, frozenset())

    assert told(list(oracle.judge_held(before, after))) == ["I5"]
    assert not list(oracle.judge_held(before, before))


@pytest.mark.parametrize(
    "line",
    [
        "published with CanaryPushKey",
        "rtmp://relay/live/kiosk?txSecret=0123456789abcdef&txTime=6",
        "rtmp://relay/live/kiosk?v=2&sig=AbCdEfGhIjKlMn",
        "GET /weapp/login?token=abcdefghijkl",
    ],
)
def test_a_secret_in_a_log_breaks_the_sixth(line: str) -> None:
    assert told(list(oracle.judge_words({"kiosk": line}, ["CanaryPushKey"]))) == ["I6"]
    shown = "rtmp://relay/live/…?… txSecret=…"
    assert not list(oracle.judge_words({"kiosk": shown}, ["CanaryPushKey"]))


def test_an_error_without_a_code_breaks_the_seventh() -> None:
    lines = [
        json.dumps({"level": "error", "message": "no camera", "code": "D001"}),
        json.dumps({"level": "error", "message": "oh"}),
        json.dumps({"level": "warning", "message": "ah", "traceback": "Traceback"}),
        "Traceback (most recent call last):",
    ]

    breaches = list(oracle.judge_errors({"kiosk": "\n".join(lines)}))

    assert told(breaches) == ["I7", "I7", "I7"]


def test_an_end_that_is_late_or_not_clean_breaks_the_eighth() -> None:
    assert told(list(oracle.judge_end(6.0, 0))) == ["I8"]
    assert told(list(oracle.judge_end(1.0, 70))) == ["I8"]
    assert not list(oracle.judge_end(4.9, 0))


def test_a_watchdog_that_is_not_fed_breaks_the_ninth() -> None:
    record = Record(aborted=[20.0])

    assert told(list(oracle.judge_watchdog(record, may_restart=False))) == ["I9"]
    assert not list(oracle.judge_watchdog(record, may_restart=True))


def test_a_watchdog_that_is_fed_while_nothing_answers_breaks_the_ninth() -> None:
    silent = [Sample(at / 10, None) for at in range(100)]
    dead = Record(samples=silent, pings=[7.0], ends=[(0.0, -9)])

    fed = Record(samples=silent, pings=[7.0])

    assert told(list(oracle.judge_watchdog(fed, may_restart=True))) == ["I9"]
    assert not list(oracle.judge_watchdog(dead, may_restart=True))


def test_what_was_noticed_is_told_by_its_class() -> None:
    call = looks("IN_CALL", "in_call", 0.0, 1.0, devices=OPEN)
    cut = looks("RECONNECTING", "reconnecting", 1.1, 2.0, devices=OPEN)
    over = looks("ENDED", "ended", 1.1, 2.0)
    out = looks("OUT_OF_SERVICE", "out_of_service", 1.1, 2.0)

    def kind(*parts: list[Sample], well: float = 2.5) -> str:
        record = Record(samples=[one for part in parts for one in part])
        return noticed(record, "in_call", 0.5, 1.0, well).kind

    assert kind(call) == "A"
    assert kind(call, cut) == "B"
    assert kind(call, cut, well=4.0) == "C"
    assert kind(call, over) == "D"
    assert kind(call, over, out) == "D"
    at_once = Record(samples=looks("IDLE", "idle", 0.5, 2.0))
    assert noticed(at_once, "in_call", 0.5, 1.0, 2.0).kind == "D"
    assert kind(call, over, out, well=30.0) == "E"
    idle = Record(samples=looks("IDLE", "idle", 0.0, 1.0) + out)
    assert noticed(idle, "idle", 0.5, 1.0, 2.5).kind == "E"
    assert (
        noticed(Record(samples=call, ends=[(1.0, 75)]), "in_call", 0, 1, 4).kind == "F"
    )


def test_a_row_allows_what_is_no_worse() -> None:
    assert allows(["C"], "A")
    assert allows(["C"], "B")
    assert allows(["D"], "C")
    assert allows(["H"], "E")
    assert not allows(["A"], "B")
    assert not allows(["B"], "C")
    assert not allows(["C"], "D")
    assert not allows(["D"], "E")
    assert not allows(["E"], "F")
