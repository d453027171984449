"""Any text anybody may make a screen show, and any line a log may be made to write."""

from __future__ import annotations

import json
import logging
from functools import cache
from zlib import crc32

from kiosk.journal.lines import JsonLines, Plain
from kiosk.journal.redaction import redact
from kiosk.ports import Micros, ScreenFacts, ScreenName
from kiosk.room.member_list import plain_text
from kiosk.ui.draw import Artist
from kiosk.ui.fonts import Fonts
from kiosk.ui.layout import Layout
from kiosk.ui.screens import Branding, screen_content
from kiosk.ui.texts import Texts
from tests.fuzz.target import Target


_NAMES = tuple(ScreenName)
_PAINTED = 64
"""One in so many screens is painted as well; that takes some milliseconds."""
CANARY = "canary0123456789abcdef"


@cache
def _artist() -> Artist:
    return Artist(Layout((320, 180)), Fonts())


def _screen(given: bytes) -> None:
    text = given.decode("utf-8", "surrogateescape")
    at = crc32(given)
    part = len(text) // 3
    facts = ScreenFacts(
        peer_name=plain_text(text[:part]),
        reason=text[part : 2 * part],
        text=text[2 * part :],
        asked_by=text[:part],
    )
    content = screen_content(
        _NAMES[at % len(_NAMES)],
        facts,
        texts=Texts(("en", "zh")[at & 1]),
        branding=Branding(),
        now=Micros(0),
        wall_time="14:32",
    )
    for said in (content.title, *content.lines, content.message, content.peer):
        assert said.isprintable(), ascii(said)
    if at % _PAINTED == 0:
        _artist().page(content)


def _log_line(given: bytes) -> None:
    text = given.decode("utf-8", "surrogateescape")
    record = logging.makeLogRecord(
        {
            "name": "kiosk.x",
            "levelno": logging.INFO,
            "levelname": "INFO",
            "msg": f"said %s token={CANARY}",
            "args": (text,),
            "who": text,
            "txSecret": CANARY,
        }
    )
    plain = Plain().format(record)
    assert "\n" not in plain
    assert plain.isprintable()
    line = json.loads(JsonLines().format(record))
    for shown in (plain, json.dumps(line), redact(f"{text} userSig={CANARY}")):
        assert CANARY not in shown, ascii(shown[-200:])


_TEXT_WORDS = (
    *(
        b"\n",
        b"\r",
        b"\x1b[2J",
        b"\x00",
        b"\xe2\x80\xae",
        b"\xe2\x80\x8b",
        b"\xef\xbb\xbf",
    ),
    *(
        b"<b>",
        b"%s",
        b"{0}",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x8e\xa5",
        b"\xcc\x80" * 99,
        b"\\",
    ),
    *(
        b"token=",
        b"password: '",
        b'"',
        b"'",
        b"?",
        b"rtmp://h/live/",
        b"bearer ",
        b"key=",
    ),
    *(
        b"\xd8\xa7\xd9\x84",
        b"\xe4\xb8\xad\xe6\x96\x87",
        b"MESSAGE=forged\n",
        b"x" * 3000,
    ),
)

TARGETS = (
    Target("screen", _screen, (), _TEXT_WORDS),
    Target("log_line", _log_line, (), _TEXT_WORDS),
)
