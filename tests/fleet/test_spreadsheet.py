"""What spreadsheets export: understood, or refused with line and column."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import ConfigError
from kiosk.fleet.spreadsheet import MAX_BYTES, MAX_ROWS, read_sheet
from tests.fleet.sheets import mistakes


TEXT = 'serial,label\n1a,"Zurich, Main"\n\n2b,Äpfel\n'


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        b"serial;label\r\n1a;Zurich, Main\r\n;\r\n2b;\xc3\x84pfel\r\n",
        codecs.BOM_UTF16_LE
        + "serial\tlabel\r\n1a\tZurich, Main\r\n\t\r\n2b\tÄpfel".encode("utf-16-le"),
        b"serial,label\n1a,\xc2\xa0Zurich\\, Main \n".replace(b"\\,", b"")
        + b",\n2b,\xc3\x84pfel\n",
    ],
)
def test_whatever_excel_exports_is_read(content: bytes) -> None:
    sheet = read_sheet("fleet.csv", content)

    assert sheet.header == ("serial", "label")
    assert [row.line for row in sheet.rows] == [2, 4]
    assert [row.cells["serial"] for row in sheet.rows] == ["1a", "2b"]
    assert sheet.rows[0].cells["label"].startswith("Zurich")
    assert sheet.rows[1].cells["label"] == "Äpfel"


def test_a_line_that_names_the_delimiter_is_believed() -> None:
    sheet = read_sheet("fleet.csv", b"sep=;\r\nserial;label\r\n1a;a,b,c,d\r\n")

    assert sheet.rows[0].cells == {"serial": "1a", "label": "a,b,c,d"}
    assert sheet.rows[0].line == 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"serial,label\n1a,\xc4pfel\n", "fleet.csv:2:4: is not UTF-8 (byte 0xc4)"),
        (TEXT.encode("utf-16-le"), "fleet.csv:1: is UTF-16 without a byte order mark"),
        (
            codecs.BOM_UTF16_LE + "serial\n".encode("utf-16-le") + b"\x00\xd8a\x00",
            "fleet.csv:2:1: is not UTF-16",
        ),
        (b"", "is empty; its first line must name the columns"),
        (b"\n,,\n", "is empty"),
        (b"x" * (MAX_BYTES + 1), "is larger than 16 MiB"),
        (b"serial,,label\n", "fleet.csv:1: column 2: has no name"),
        (b"serial,label,serial\n", 'column 3: "serial" is there already'),
        (b"serial,la\x01bel\n", "column 2: its name holds a control character"),
        (b"serial,label\n1a\n", "fleet.csv:2: has 1 cells, but there are 2 columns"),
        (b"serial;label\n1a;b;c\n", "is there a semicolon in a text without quotes?"),
        (b'serial,label\n1a,"b\nc"\n2b,d\n', 'fleet.csv:2: column 2 "label": holds a'),
        (b'serial,label\n1a,"b\n2b,c\n', "fleet.csv:2: a quotation mark is opened"),
        (b'serial,label\n1a,"b"c\n', "fleet.csv:2: a quotation mark is opened"),
        (b"serial,label\n#REF!,b\n", 'column 1 "serial": is #REF!: the formula'),
        (b"serial\n" + b"a\n" * (MAX_ROWS + 1), "has more than 20000 rows"),
        (b"serial\n" + b"a" * 200_000 + b"\n", "fleet.csv:2: field larger than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    content: bytes, reason: str
) -> None:
    assert reason in "\n".join(mistakes(content))


def test_every_mistake_is_told_at_once() -> None:
    assert len(mistakes(b"serial,label\n1a\n2b,#N/A\n3c,d,e\n")) == 3


@pytest.mark.hypothesis
@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(content: bytes) -> None:
    try:
        read_sheet("fleet.csv", content)
    except ConfigError as error:
        assert all(line.startswith("fleet.csv") for line in error.mistakes)  # noqa: PT017 -- any outcome but another error
