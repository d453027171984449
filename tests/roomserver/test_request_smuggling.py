"""Requests two readers could understand differently: refused and hung up on (S13)."""

from __future__ import annotations

import pytest

from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.request_head import Head, HeadRefused, judge_part, read_head
from tests.fakes.raw_http import raw_server


SECOND = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
LINE = b"POST /healthz HTTP/1.1\r\n"
HOST = b"Host: h\r\n"


def head(*fields: bytes, line: bytes = LINE) -> bytes:
    return line + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


CL, TE = b"Content-Length: 4", b"Transfer-Encoding: chunked"
CHUNKED = b"0\r\n\r\n"
CORPUS = {
    "length and coding": head(CL, TE) + CHUNKED,
    "coding and length": head(TE, CL) + CHUNKED,
    "chunked": head(TE) + CHUNKED,
    "coding in capitals": head(b"TRANSFER-ENCODING: chunked") + CHUNKED,
    "coding twice": head(TE, TE) + CHUNKED,
    "coding identity": head(b"Transfer-Encoding: identity", CL) + b"abcd",
    "coding empty": head(b"Transfer-Encoding:", CL) + b"abcd",
    "coding misspelt": head(b"Transfer-Encoding: xchunked") + CHUNKED,
    "coding listed": head(b"Transfer-Encoding: gzip, chunked") + CHUNKED,
    "coding with tab": head(b"Transfer-Encoding:\tchunked") + CHUNKED,
    "coding with 0x0b": head(b"Transfer-Encoding: \x0bchunked") + CHUNKED,
    "coding, space before colon": head(b"Transfer-Encoding : chunked") + CHUNKED,
    "coding, 0x0b in name": head(b"Transfer-Encoding\x0b: chunked") + CHUNKED,
    "coding, NUL in name": head(b"Transfer-Encoding\x00: chunked") + CHUNKED,
    "coding behind a fold": head(b"X: a\r\n Transfer-Encoding: chunked"),
    "coding behind a bare CR": head(b"X: a\rTransfer-Encoding: chunked"),
    "coding behind a bare LF": head(b"X: a\nTransfer-Encoding: chunked"),
    "two equal lengths": head(CL, CL) + b"abcd",
    "two lengths": head(CL, b"Content-Length: 5") + b"abcde",
    "lengths in capitals and not": head(CL, b"CONTENT-LENGTH: 9") + b"abcd",
    "length listed": head(b"Content-Length: 4, 4") + b"abcd",
    "length listed differently": head(b"Content-Length: 4, 5") + b"abcd",
    "length negative": head(b"Content-Length: -4") + b"abcd",
    "length with plus": head(b"Content-Length: +4") + b"abcd",
    "length hexadecimal": head(b"Content-Length: 0x4") + b"abcd",
    "length with underscore": head(b"Content-Length: 0_4") + b"abcd",
    "length fractional": head(b"Content-Length: 4.0") + b"abcd",
    "length empty": head(b"Content-Length:") + b"abcd",
    "length in other digits": head("Content-Length: \uff14".encode()) + b"abcd",
    "length with space inside": head(b"Content-Length: 4 4") + b"abcd",
    "length of 40 digits": head(b"Content-Length: " + b"0" * 39 + b"4") + b"abcd",
    "length, space before colon": head(b"Content-Length : 4") + b"abcd",
    "length, 0x0b before value": head(b"Content-Length:\x0b4") + b"abcd",
    "length behind a fold": head(b"Content-Length:\r\n 4") + b"abcd",
    "fold": head(b"X: a\r\n b"),
    "fold with tab": head(b"X: a\r\n\tb"),
    "fold at once": LINE + b" X: a\r\n" + HOST + b"\r\n",
    "bare LF everywhere": head(b"X: a").replace(b"\r\n", b"\n"),
    "bare LF after the line": head().replace(b"\r\n", b"\n", 1),
    "bare LF in a value": head(b"X: a\nY: b"),
    "bare LF at the end": head()[:-2] + b"\n",
    "bare CR in a value": head(b"X: a\rb"),
    "CR CR LF": head(b"X: a\r"),
    "NUL in a value": head(b"X: a\x00b"),
    "DEL in a value": head(b"X: a\x7fb"),
    "0x0b in a name": head(b"X\x0b: a"),
    "space in a name": head(b"X y: a"),
    "name empty": head(b": a"),
    "no colon": head(b"nonsense"),
    "name beyond ASCII": head(b"X\xc3\xa9: a"),
    "two hosts": head(HOST.strip()),
    "no host": LINE + b"\r\n",
    "host behind a space": LINE + b" " + HOST + b"\r\n",
    "line before the request": b"\r\n" + head(),
    "method in small letters": head(line=b"get /healthz HTTP/1.1\r\n"),
    "method with a tab": head(line=b"GET\t/healthz HTTP/1.1\r\n"),
    "two spaces": head(line=b"GET  /healthz HTTP/1.1\r\n"),
    "space at the end": head(line=b"GET /healthz HTTP/1.1 \r\n"),
    "space in the target": head(line=b"GET /heal thz HTTP/1.1\r\n"),
    "absolute target": head(line=b"GET http://h/healthz HTTP/1.1\r\n"),
    "target beyond ASCII": head(line=b"GET /\xc3\xa9 HTTP/1.1\r\n"),
    "a proxy's CONNECT": head(line=b"CONNECT h:80 HTTP/1.1\r\n"),
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "HTTP/1.2": head(line=b"GET /healthz HTTP/1.2\r\n"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version in small letters": head(line=b"GET /healthz http/1.1\r\n"),
    "upgrade": head(b"Upgrade: websocket", b"Connection: Upgrade"),
    "upgrade to h2c": head(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings"),
}


async def test_none_is_served_and_nothing_behind_it_is() -> None:
    served: list[str] = []

    async with raw_server(BorderLimits(farewell_s=0.05)) as connect:
        for name, request in CORPUS.items():
            client = await connect()
            client.send(request + SECOND)
            said = await client.rest()
            client.close()
            refused = said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 411 "))
            if not refused or said.count(b"HTTP/1.1") != 1:
                served.append(name)

    assert len(CORPUS) >= 60
    assert served == []


@pytest.mark.parametrize("name", CORPUS)
def test_each_is_refused_by_the_grammar_itself(name: str) -> None:
    whole, found, _ = CORPUS[name].partition(b"\r\n\r\n")

    with pytest.raises(HeadRefused):
        judged(whole + found)


def judged(raw: bytes) -> Head:
    judge_part(raw, 8192, 16_384)
    return read_head(raw, 65_536)


def test_an_ordinary_head_passes_unchanged() -> None:
    raw = head(CL, b"X-Any: \xe4 \t!", line=b"POST /a/b?c=d%20e HTTP/1.1\r\n")
    read = judged(raw)

    assert (read.method, read.path, read.query) == ("POST", "/a/b", "c=d%20e")
    assert (read.bytes_read, read.route, read.body_bytes) == (len(raw), "b", 4)
    assert read.fields == b"\r\nHost: h\r\nContent-Length: 4\r\nX-Any: \xe4 \t!"
    assert not read.wants_continue
    assert not read.closes
