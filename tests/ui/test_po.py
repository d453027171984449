"""Catalogues as translators' tools write them, read and compiled for gettext."""

from __future__ import annotations

from gettext import GNUTranslations
from io import BytesIO

import pytest

from kiosk.ui.po import Entry, compiled, read_po


HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def translations(text: str) -> GNUTranslations:
    return GNUTranslations(BytesIO(compiled(read_po(HEADER + text))))


def test_a_text_is_found_by_its_context_and_its_source() -> None:
    found = translations(
        'msgctxt "a"\nmsgid "Call"\nmsgstr "呼叫"\n\n'
        'msgctxt "b"\nmsgid "Call"\nmsgstr "致电"\n\nmsgid "Call"\nmsgstr "叫"\n'
    )

    assert found.pgettext("a", "Call") == "呼叫"
    assert found.pgettext("b", "Call") == "致电"
    assert found.gettext("Call") == "叫"
    assert found.pgettext("a", "Another source") == "Another source"


def test_a_text_may_be_wrapped_and_hold_escapes() -> None:
    (entry,) = read_po('msgid ""\n"say \\"yes\\"\\n"\n"or no"\nmsgstr ""\n"是"\n')

    assert entry == Entry("", 'say "yes"\nor no', "是", is_fuzzy=False)


def test_comments_and_texts_given_up_are_passed_over() -> None:
    entries = read_po(
        '# by hand\n#. extracted\n#: screens.py:3\n#| msgid "was"\n'
        'msgid "a"\nmsgstr "b"\n\n#~ msgid "old"\n#~ msgstr "alt"\n'
    )

    assert [entry.source for entry in entries] == ["a"]


def test_fuzzy_and_empty_translations_are_not_shown() -> None:
    found = translations(
        '#, fuzzy, python-brace-format\nmsgid "a"\nmsgstr "A"\n\nmsgid "b"\nmsgstr ""\n'
    )

    assert (found.gettext("a"), found.gettext("b")) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('msgid "a"\nmsgstr a\n', "line 2: not a quoted text"),
        ('msgid "a"\nmsgstr 3\n', "line 2: not a quoted text"),
        ('msgid "a"\nmsgstr "b"\nnonsense\n', "line 3 is not of a .po file"),
        ('"a"\n', "line 1 is not of a .po file"),
    ],
)
def test_what_is_no_catalogue_is_named_by_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_po(text)
