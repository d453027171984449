"""A device swapped for another: one row changes hands, everything else stays."""

from __future__ import annotations

import codecs

import pytest

from kiosk.errors import ConfigError
from kiosk.fleet.inventory import devices_of
from kiosk.fleet.replacing import replaced
from kiosk.fleet.spreadsheet import read_sheet
from tests.fleet.sheets import OTHER, SERIAL


NEW = "10000000abcdef99"
TEXT = f'serial;label;user_id\r\n{SERIAL}; "Zurich";kiosk-1\r\n{OTHER};Bern;kiosk-2\r\n'


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [(b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")],
)
def test_the_new_device_takes_over_the_row_and_the_old_one_is_retired(
    bom: bytes, encoding: str
) -> None:
    content = bom + TEXT.replace('"', "").encode(encoding)

    after = replaced("fleet.csv", content, SERIAL, NEW.upper())

    assert after.startswith(bom)
    first, second, gone = devices_of(read_sheet("fleet.csv", after))
    assert (first.serial, first.user_id) == (NEW, "kiosk-1")
    assert (second.serial, second.user_id) == (OTHER, "kiosk-2")
    assert (gone.serial, gone.is_retired, gone.user_id) == (SERIAL, True, None)
    assert "\r\n" in after.decode("utf-16" if "16" in encoding else "utf-8")


def test_the_list_says_who_took_whose_place() -> None:
    after = replaced("fleet.csv", f"serial,note\n{SERIAL},x\n".encode(), SERIAL, NEW)

    assert after.decode() == (
        f"serial,note,status\n{NEW},x,\n{SERIAL},replaced by {NEW},retired\n"
    )


def test_twice_in_a_row_both_old_ones_are_retired() -> None:
    once = replaced("fleet.csv", f"serial\n{SERIAL}\n".encode(), SERIAL, OTHER)
    twice = replaced("fleet.csv", once, OTHER, NEW)

    assert [(d.serial, d.is_retired) for d in devices_of(read_sheet("f", twice))] == [
        (NEW, False),
        (SERIAL, True),
        (OTHER, True),
    ]


def test_a_list_that_has_the_columns_gets_no_more() -> None:
    text = f"status,serial,note\nactive,{SERIAL},\n"

    after = replaced("fleet.csv", text.encode(), SERIAL, NEW)

    assert after.decode() == (
        f"status,serial,note\nactive,{NEW},\nretired,{SERIAL},replaced by {NEW}\n"
    )


def test_a_line_that_names_the_delimiter_and_columns_of_others_stay() -> None:
    after = replaced("f", f"sep=;\nserial;Asset\n{SERIAL};a,b\n".encode(), SERIAL, NEW)

    assert after.decode().startswith(
        f"sep=;\nserial;Asset;status;note\n{NEW};a,b;;\n{SERIAL};;retired;"
    )


@pytest.mark.parametrize(
    ("text", "old", "new", "reason"),
    [
        (f"serial\n{SERIAL}\n", OTHER, NEW, f"no device has the serial number {OTHER}"),
        (f"serial\n{SERIAL}\n{OTHER}\n", SERIAL, OTHER, "is in the list already"),
        (f"serial,status\n{SERIAL},retired\n", SERIAL, NEW, "is retired already"),
        (f"serial\n{SERIAL}\n", SERIAL, "a b", "NEW: must be 1 to 64 letters"),
        (f"serial\n{SERIAL}\n", "", NEW, "OLD: is empty"),
        ("label\na\n", SERIAL, NEW, 'has no column "serial"'),
    ],
)
def test_what_cannot_be_is_refused(text: str, old: str, new: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        replaced("fleet.csv", text.encode(), old, new)
