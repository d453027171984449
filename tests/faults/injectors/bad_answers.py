"""Answers of a room service that are none, in place of those it gave."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tests.fakes.http_tap import Exchange


Wrong: TypeAlias = Callable[[Exchange], bytes]


def http(body: bytes, *, status: str = "200 OK", more: str = "") -> bytes:
    """Return a whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def answer_of(wire: Mapping[str, Any]) -> bytes:
    """Return an answer in JSON."""
    return http(json.dumps(wire).encode(), more="Content-Type: application/json\r\n")


def _as_json(body: bytes) -> Wrong:
    return lambda _: http(body, more="Content-Type: application/json\r\n")


def _html(_: Exchange) -> bytes:
    page = b"<!doctype html><title>502 Bad Gateway</title>"
    return http(page, more="Content-Type: text/html\r\n")


def _truncated(exchange: Exchange) -> bytes:
    return http(exchange.body[: len(exchange.body) // 2])


def _latin(_: Exchange) -> bytes:
    charset = "Content-Type: application/json; charset=iso-8859-1\r\n"
    return http('{"code":0,"message":"né"}'.encode("latin-1"), more=charset)


def _with_mark(exchange: Exchange) -> bytes:
    return http(b"\xef\xbb\xbf" + exchange.body)


NO_JSON: Final[tuple[Wrong, ...]] = (
    _as_json(b""),
    _html,
    _truncated,
    _latin,
    _with_mark,
)


def _other(**fields: object) -> Wrong:
    def change(exchange: Exchange) -> bytes:
        wire = json.loads(exchange.body) if exchange.body else {}
        return answer_of({**wire, **fields})

    return change


def _without_fields(exchange: Exchange) -> bytes:
    return answer_of({"code": 0, "message": "ok"})


def _of_wrong_kinds(exchange: Exchange) -> bytes:
    wire = json.loads(exchange.body) if exchange.body else {}
    wrong = {
        key: {"a": 1} if isinstance(one, str | int) else "text"
        for key, one in wire.items()
    }
    return answer_of({**wrong, "code": 0})


BAD_JSON: Final[tuple[Wrong, ...]] = (
    _other(code=False),
    _as_json(b'{"code":0,"message":NaN}'),
    _as_json(b'{"code":1e999,"message":"x"}'),
    _as_json(b'{"code":0,"message":"\\ud800"}'),
    _as_json(b'{"code":7,"code":0,"message":"x"}'),
    _as_json(b"[" * 100_000),
    _as_json(b"null"),
    _as_json(b"[]"),
    _without_fields,
    _of_wrong_kinds,
    _other(code="0"),
)


def _endless(_: Exchange) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"ffff\r\n%b\r\n" % bytes(0xFFFF) * 16


def _gigabyte(_: Exchange) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n" + bytes(400_000)


def _bomb(_: Exchange) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(bytes(50_000_000)) + packer.flush()
    return http(packed, more="Content-Encoding: gzip\r\n")


def _many_headers(_: Exchange) -> bytes:
    return http(b"{}", more="".join(f"X-{n}: y\r\n" for n in range(10_000)))


def _long_header(_: Exchange) -> bytes:
    return http(b"{}", more=f"X-Long: {'y' * 1_000_000}\r\n")


LARGE: Final[tuple[Wrong, ...]] = (
    _gigabyte,
    _bomb,
    _many_headers,
    _long_header,
    _endless,
)


def _raw(said: bytes) -> Wrong:
    return lambda _: said


ODD_HTTP: Final[tuple[Wrong, ...]] = (
    _raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    lambda _: http(b"", status="302 Found", more="Location: /weapp/\r\n"),
    lambda _: http(b"", status="204 No Content"),
    _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
    _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
    _raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
)
