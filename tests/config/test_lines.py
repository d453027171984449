"""The line index agrees with what a reader sees."""

from __future__ import annotations

import tomllib

import pytest

from kiosk.config.lines import KeyPath, index_lines


TEXT = '''# a comment with [brackets] and key = value
config_version = 1

[room]   # comment
server = "https://a # no comment"
"target" = [
  "one",   # [not.a.section]
  "two", 'th]ree',
]
create.deep = true

[camera . "inner.part"]
size = { w = 1, "h" = [2, 3] }
when = 1979-05-27 07:32:00
text = """
[fake]
fake = 1
quote \\""" ""\\"
"""
raw = \'\'\'
[fake2]
\'\'\'
after = 1
[[list]]
a = 1
[[list]]
b = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("config_version",), 2),
        (("room",), 4),
        (("room", "server"), 5),
        (("room", "target"), 6),
        (("room", "target", 0), 7),
        (("room", "target", 1), 8),
        (("room", "target", 2), 8),
        (("room", "create"), 10),
        (("room", "create", "deep"), 10),
        (("camera", "inner.part"), 12),
        (("camera", "inner.part", "size", "h"), 13),
        (("camera", "inner.part", "when"), 14),
        (("camera", "inner.part", "text"), 15),
        (("camera", "inner.part", "raw"), 20),
        (("camera", "inner.part", "after"), 23),
        (("list",), 24),
        (("list", "b"), 27),
    ],
)
def test_a_key_is_found_on_its_line(path: KeyPath, line: int) -> None:
    tomllib.loads(TEXT)

    assert index_lines(TEXT)[path] == line


def test_nothing_within_texts_and_comments_is_taken_for_a_key() -> None:
    index = index_lines(TEXT)

    assert not [path for path in index if "fake" in path or "fake2" in path]
    assert ("key",) not in index


@pytest.mark.parametrize(
    "text", ["", "=", "]", "a", "a = [", "a = [}", "a = {", '"\\x" = 1', "[a", "a = ]"]
)
def test_a_text_that_is_no_toml_ends_the_pass_quietly(text: str) -> None:
    assert len(index_lines(text)) <= 2


def test_line_ends_of_windows_count_once() -> None:
    assert index_lines("a = 1\r\nb = 2\r\n[c]\r\nd = 3\r\n")[("c", "d")] == 4
