"""One question for a still: over when one sent it, or nobody is left who might."""

from __future__ import annotations

from kiosk.daemon.still_question import StillQuestion
from kiosk.room.still_requests import ANSWER_S, DELIVERY_S, StillWord


ALL = ("anna", "ben")


def test_silence_is_an_answer_only_once_the_time_of_each_is_over() -> None:
    question = StillQuestion(ALL, now=0.0)
    question.hear("anna", StillWord.AGREED, 20.0)
    question.look(ALL, ANSWER_S + 10.0)
    assert not question.is_over

    question.look(ALL, 20.0 + DELIVERY_S + 10.0)

    assert question.is_over
    assert question.reason == "no answer came"


def test_one_who_came_as_it_was_asked_may_send_his() -> None:
    question = StillQuestion(["anna"], now=0.0)
    question.hear("ben", StillWord.AGREED, 1.0)
    question.hear("anna", StillWord.REFUSED, 2.0)
    assert not question.is_over

    question.hear("ben", StillWord.SENT, 3.0)

    assert question.sender == "ben"


def test_a_no_of_one_who_was_not_asked_ends_nothing() -> None:
    question = StillQuestion(["anna"], now=0.0)
    question.hear("ben", StillWord.REFUSED, 1.0)

    assert not question.is_over


def test_what_comes_after_the_end_changes_nothing() -> None:
    question = StillQuestion(ALL, now=0.0)
    question.end("the call ended here")
    question.hear("anna", StillWord.SENT, 1.0)

    assert not question.sender
    assert question.reason == "the call ended here"
