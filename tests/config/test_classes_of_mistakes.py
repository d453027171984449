"""
Every class of mistake, at every key of both files: file, line, reason and an example.

What a technician gets is judged by its form here; sentences are in ``test_mistakes``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.config.load import examine_kiosk, load_kiosk, load_server
from kiosk.errors import ConfigError
from tests.fakes.mistaken import (
    SCHEMAS,
    Place,
    misspelt,
    of_wrong_types,
    out_of_range,
    places,
    written,
)


PLACES = places()
EXAMPLES = (
    "e.g. ",
    "did you mean",
    "there are: ",
    "it belongs in [",
    'must be "',
    "save it as UTF-8",
    "opy it again",
    "remove one",
    "; use ",
    "such as ",
    "must be 0, ",
    "; write [room]",
)
"""How a message shows what would be right: one of these is in each."""
SAMPLE = (
    'config_version = 1\n[kiosk]\nname = "Zürich"  # ü\n[room]\n'
    'server = "https://rooms.example"\ntarget = ["a",\n  \'b\']\n'
    'create = true\n[call]\nanswer_s = 1.5\n[texts]\nen = {"idle.title" = "Hi"}\n'
)


CUT_OFF = (
    "opy it again",
    "is missing",  # an end that took a section with it
    "without quotes around it",  # the last value is half there
    "a line reads [section]",
)


def told(folder: Path, program: str, content: str | bytes) -> list[tuple[int, str]]:
    """Return line and text of each mistake, all of which are fit for a ladder."""
    path = folder / f"{program}.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    load = load_kiosk if program == "kiosk" else load_server
    try:
        load(path)
    except ConfigError as error:
        return [judged(path, line) for line in error.mistakes]
    return []


def judged(path: Path, line: str) -> tuple[int, str]:
    match = re.fullmatch(rf"{re.escape(str(path))}:([0-9]+): (.+)", line)
    assert match is not None, line
    assert line.isprintable()
    assert len(match[2]) < 420, line
    assert any(mark in line for mark in EXAMPLES), line
    assert "Traceback" not in line
    return int(match[1]), match[2]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_value_of_the_wrong_type(tmp_path: Path, place: Place) -> None:
    values = list(of_wrong_types(place))

    assert len(values) >= 4
    for value in values:
        text, line = written(place, place.key, value)
        ((number, what), *others) = told(tmp_path, place.program, text)
        assert (number, others) == (line, []), value
        assert what.startswith(f"[{place.section}] {place.key}: "), value


BOUNDED = [place for place in PLACES if list(out_of_range(place))]


@pytest.mark.parametrize("place", BOUNDED, ids=str)
def test_a_value_out_of_range(tmp_path: Path, place: Place) -> None:
    for value in out_of_range(place):
        text, line = written(place, place.key, value)
        found = told(tmp_path, place.program, text)
        assert found, value
        for number, what in found:
            assert number == line, value
            assert what.startswith(f"[{place.section}] {place.key}: "), value


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_misspelt_key(tmp_path: Path, place: Place) -> None:
    known = SCHEMAS[place.program]["properties"][place.section]["properties"]
    for name in misspelt(place.key):
        if name in known:
            continue
        text, line = written(place, name, place.example)
        found = dict(told(tmp_path, place.program, text))
        assert found[line].startswith(f"[{place.section}] {name}: unknown key"), name
        assert place.key in found[line], name


SECTIONS = [
    (program, section)
    for program, schema in SCHEMAS.items()
    for section, inner in schema["properties"].items()
    if "properties" in inner
]


@pytest.mark.parametrize(("program", "section"), SECTIONS)
def test_a_misspelt_section(tmp_path: Path, program: str, section: str) -> None:
    for name in misspelt(section):
        if (program, name) in SECTIONS:
            continue
        text = f"config_version = 1\n\n[{name}]\n"
        found = dict(told(tmp_path, program, text))
        assert found[3].startswith(f"[{name}]: unknown section"), name
        assert f"[{section}]" in found[3] or section in found[3], name


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_key_that_stands_there_twice(tmp_path: Path, place: Place) -> None:
    text, line = written(place, place.key, place.example)
    text += f"# between\n{place.key} = {place.example}\n"

    ((number, what),) = told(tmp_path, place.program, text)

    assert number == line + 2
    assert f"{place.key} stands here a second time, first in line {line}" in what


@pytest.mark.parametrize(("program", "section"), SECTIONS)
def test_a_section_that_stands_there_twice(
    tmp_path: Path, program: str, section: str
) -> None:
    text = f"[{section}]\n# between\n\n[{section}]  # again\n"

    ((number, what),) = told(tmp_path, program, text)

    assert number == 4
    assert f"[{section}] stands here a second time, first in line 1" in what


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("config_version = 1\n", 2, "[room]: is missing; write [room] and below it"),
        ("[kiosk]\n[room]\ncreate = true\n", 2, "[room] server: is missing; e.g. "),
        ("", 1, "[room]: is missing; write [room] and below it server = "),
    ],
)
def test_what_must_be_there_and_is_not(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(text)

    _, problem = examine_kiosk(path)

    assert problem is not None
    (found,) = problem.mistakes
    assert found.startswith(f"{path}:{line}: {said}")
    assert 'server = "https://rooms.example.org"' in found


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_section_that_is_a_value(tmp_path: Path, place: Place) -> None:
    room = '[room]\nserver = "https://a"\n' if place.section != "room" else ""
    text = f"{place.section} = 3\n{room if place.program == 'kiosk' else ''}"

    ((number, what),) = told_any(tmp_path, place.program, text)

    assert number == 1
    assert f"[{place.section}] on a line of its own" in what


def told_any(folder: Path, program: str, text: str) -> list[tuple[int, str]]:
    """Return line and text of each mistake, whatever form it has."""
    path = folder / f"{program}.toml"
    path.write_text(text)
    load = load_kiosk if program == "kiosk" else load_server
    with pytest.raises(ConfigError) as caught:
        load(path)
    lines = (line.removeprefix(f"{path}:") for line in caught.value.mistakes)
    return [
        (int(number), what) for number, _, what in (s.partition(": ") for s in lines)
    ]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_wide_letters(tmp_path: Path, codec: str) -> None:
    ((number, what),) = told(tmp_path, "kiosk", SAMPLE.encode(codec))

    assert (number, what) == (
        1,
        "is UTF-16; save it as UTF-8 without a byte order mark",
    )


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "gb18030", "big5"])
def test_a_file_in_another_code_page(tmp_path: Path, codec: str) -> None:
    text = SAMPLE.replace("ü", "ü" if codec in {"latin-1", "cp1252"} else "视")
    if codec == "big5":
        text = text.replace("视", "視")

    ((number, what),) = told(tmp_path, "kiosk", text.encode(codec))

    assert number == 3
    assert what.startswith("is not UTF-8 (byte 0x")


def test_a_file_with_a_mark_of_its_byte_order(tmp_path: Path) -> None:
    ((number, what),) = told(tmp_path, "kiosk", SAMPLE.encode("utf-8-sig"))

    assert number == 1
    assert what.startswith("begins with a byte order mark; save it as UTF-8")


def test_a_file_that_was_cut_off_at_any_byte(tmp_path: Path) -> None:
    """Half a file is told as that, or is a whole one of which the end is missing."""
    whole = SAMPLE.encode()
    for length in range(len(whole)):
        part = whole[:length]
        for number, what in told(tmp_path, "kiosk", part):
            assert 1 <= number <= part.count(b"\n") + 1, length
            assert any(end in what for end in CUT_OFF), (length, what)


@given(at=st.integers(0, len(SAMPLE.encode())), lost=st.integers(1, 40))
def test_a_file_that_lost_a_piece_loads_or_says_where(at: int, lost: int) -> None:
    whole = SAMPLE.encode()
    broken = whole[:at] + whole[at + lost :]
    folder = Path(os.environ.get("TMPDIR", "/tmp"))

    path = folder / f"kiosk-lost-{os.getpid()}.toml"
    path.write_bytes(broken)
    _, problem = examine_kiosk(path)
    path.unlink()

    for line in problem.mistakes if problem else ():
        assert re.match(rf"{re.escape(str(path))}:[0-9]+: ", line), line


@pytest.mark.parametrize("line", range(len(SAMPLE.splitlines())))
def test_a_line_that_is_lost_or_stands_there_twice(tmp_path: Path, line: int) -> None:
    lines = SAMPLE.splitlines(keepends=True)
    lost = "".join(lines[:line] + lines[line + 1 :])
    twice = "".join([*lines[: line + 1], lines[line], *lines[line + 1 :]])

    told_any_form(tmp_path, lost)
    found = told_any_form(tmp_path, twice)
    assert found, "two of the same line are a mistake"


def told_any_form(folder: Path, text: str) -> list[str]:
    path = folder / "kiosk.toml"
    path.write_text(text)
    _, problem = examine_kiosk(path)
    lines = list(problem.mistakes) if problem else []
    for line in lines:
        assert re.match(rf"{re.escape(str(path))}:[0-9]+: ", line), line
    return lines


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(" = ", "\t=\t").replace("[call]", "\t[call]\t"),
        lambda text: text.rstrip("\n"),
        lambda text: "\n\n   \n" + text + "\n\t\n",
    ],
    ids=["CR LF", "tabs", "no last line end", "blank lines"],
)
def test_what_editors_do_to_a_file_is_no_mistake(
    tmp_path: Path, change: object
) -> None:
    assert callable(change)
    assert told(tmp_path, "kiosk", change(SAMPLE)) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("rooms", "ro\0oms", 5, "holds bytes that are no text; is the file cut off?"),
        ("[call]", "\0" * 512, 9, "holds bytes that are no text"),
        ('"https://rooms.example"', "https://a", 5, "a text without quotes around"),
        ('"https://rooms.example"', "“https://a”", 5, "has typographic quotes"),
        ("server =", "server:", 5, "has a colon where an equals sign belongs"),
        ("create = true", "create = Yes", 8, "another word for true or false"),
        ("create = true", "create = True # x", 8, "another word for true or false"),
        ("answer_s = 1.5", "answer_s = 1,5", 10, "has a comma in a number, which"),
        ("answer_s = 1.5", "answer_s = 05", 10, "has a number that begins with 0"),
        ("answer_s = 1.5", "answer_s =", 10, "has nothing behind its equals sign"),
        ('"Zürich"', '"C:\\Users"', 3, r"has a single \ in a text"),
        ('"Zürich"', '"C:\\dir"', 3, r"has a single \ in a text"),
        ("[call]", "<<<<<<< HEAD", 9, "is left over from merging two versions"),
        ("[call]", "{", 9, "a line reads [section] or key = value, e.g. "),
    ],
)
def test_a_slip_that_people_make(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    found = told_any_form(tmp_path, SAMPLE.replace(old, new))

    (only,) = found
    assert only.startswith(f"{tmp_path}/kiosk.toml:{line}: not TOML: ")
    assert said in only


def test_a_file_of_old_macintoshes(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_bytes(SAMPLE.replace("\n", "\r").encode())

    _, problem = examine_kiosk(path)

    assert problem is not None
    (line,) = problem.mistakes
    assert "its lines end in CR alone; save it with LF or CR LF" in line


def test_a_pipe_a_socket_and_a_loop_of_links_are_not_waited_for(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.toml", tmp_path / "loop.toml"
    os.mkfifo(pipe)
    loop.symlink_to(loop)

    for path, said in ((pipe, "is no file but a pipe"), (loop, "cannot be read: ")):
        _, problem = examine_kiosk(path)
        assert problem is not None
        assert said in problem.mistakes[0]
