"""Where the corpora of files and of HTTP come from: see :mod:`tests.fuzz.corpora`."""

from __future__ import annotations

import codecs
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.ladder.record import Record as LadderRecord
from kiosk.ladder.record import to_text
from kiosk.ladder.rungs import History, Rung
from kiosk.provision.record import Record as ProvisionRecord
from kiosk.provision.record import Seen
from kiosk.signed.signature import sign
from tests.roomserver.test_request_smuggling import CORPUS as SMUGGLED


CONFIG = Path(__file__).parents[2] / "config"
TOML_TRAPS = (
    *(
        b"",
        b"\n",
        b"[",
        b"[room",
        b"a",
        b"a=",
        b"=1",
        b"[[room]]",
        b"room=1",
        b"room.a.b=1",
    ),
    *(b"[room]\n[room]\n", b"[" * 5000, b"a=" + b"[" * 5000, b"a=" + b"{a=" * 2000),
    *(
        codecs.BOM_UTF8 + b"[room]\n",
        "[room]\n".encode("utf-16"),
        b"[room]\r\nserver='x'\r\n",
    ),
    *(
        b"[room]\nserver = 'https://a\x00'\n",
        b"[room]\nserver = '\xff'\n",
        b"\xed\xa0\x80=1",
    ),
    *(
        b"[media]\nbitrate_kbps = 1e999\n",
        b"[media]\nbitrate_kbps = nan\n",
        b"a=" + b"9" * 5000,
    ),
    *(
        b"[call]\nended_s = -inf\n",
        b"[network]\nproxy = 'http://[::1'\n",
        b"a.b=1\na.b.c=2\n",
    ),
    *("[texts]\nname = '\u202egnp'\n".encode(), b"[device]\nname='${HOME}'\n"),
    *(b"[room]\nserver = 'https://\xe2\x80\xaea'\n", b"[gpio]\ncall = 5\nhangup = 5\n"),
)
MANIFEST = (
    b'format = 1\nid = "branch-7"\ncreated = 2026-11-28T14:00:00Z\nkind = "provision"\n'
    b'ring = 50\n\n[about]\nby = "ops"\n\n[[file]]\nname = "kiosk.toml"\n'
    b'sha256 = "' + b"0" * 64 + b'"\nsize = 12\n'
)
KEYFILE = b"[connection]\nid=wired\ntype=ethernet\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.2/24\n"
SHEET = b"serial;kiosk.name;room.server\n10000000abcdef01;Desk 1;https://a\n"


def sections(file: str) -> Iterator[bytes]:
    """The sample, section by section, and each of its commented keys switched on."""
    text = (CONFIG / file).read_text("utf-8")
    for section in text.split("\n[")[1:16]:
        yield f"[{section}"[:2000].encode()
        lines = [line.removeprefix("# ") for line in section.split("\n")]
        kept = [line for line in lines[1:] if "=" in line and line[:1].islower()]
        yield "\n".join((f"[{lines[0]}", *kept)).encode()
    yield from TOML_TRAPS


def manifests() -> Iterator[bytes]:
    yield MANIFEST
    for old, new in (
        (b"format = 1", b"format = 2"), (b"format = 1", b"format = true"),
        (b"2026-11-28T14:00:00Z", b"0001-01-01T00:00:00+23:59"),
        (b"2026-11-28T14:00:00Z", b"2026-11-28"), (b'"provision"', b'["provision"]'),
        (b'"kiosk.toml"', b'"../kiosk.toml"'), (b'"kiosk.toml"', b'"a\\u0000b"'),
        (b"size = 12", b"size = -1"), (b"size = 12", b"size = 1e3"), (b"[[file]]", b"[file]"),
        (b"ring = 50", b"ring = [50]"), (b'by = "ops"', b"by = {a = 1}"),
        (b'id = "branch-7"', b'id = "' + b"x" * 5000 + b'"'), (b"kind", b'"ki\\nnd"'),
    ):  # fmt: skip
        yield MANIFEST.replace(old, new)
    yield from TOML_TRAPS[:16]


def signatures() -> Iterator[bytes]:
    good = sign(MANIFEST, [Ed25519PrivateKey.from_private_bytes(bytes(32))])
    yield from (
        good,
        good * 2,
        good * 20,
        good.replace(b"\n", b"\r\n"),
        good[:-5],
        good.upper(),
    )
    yield from (
        b"",
        b"\n",
        b"ed25519",
        b"ed25519 0 0\n",
        b"\xff" * 100,
        good.replace(b"A", b"="),
    )
    yield good.replace(b"ed25519", b"rsa")


def updates() -> Iterator[bytes]:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (
            ("manifest.toml", MANIFEST),
            (
                "manifest.sig",
                sign(MANIFEST, [Ed25519PrivateKey.from_private_bytes(bytes(32))]),
            ),
            ("payload.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(40)),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    tape = whole.getvalue()[:8192]
    yield tape
    yield from (
        tape[:512],
        tape[:1000],
        tape[512:],
        b"",
        bytes(1024),
        b"\x28\xb5\x2f\xfd",
        b"PK\3\4",
    )
    header = bytearray(tape)
    header[124:136] = b"\xff" * 12
    yield bytes(header)
    yield tape.replace(b"manifest.toml", b"../../etc/pas")


def keyfiles() -> Iterator[bytes]:
    yield KEYFILE
    yield from (
        KEYFILE * 2,
        KEYFILE.replace(b"\n", b"\r\n"),
        KEYFILE.replace(b"=", b" = "),
    )
    yield from (
        codecs.BOM_UTF8 + KEYFILE,
        KEYFILE.decode().encode("utf-16"),
        KEYFILE[:30],
    )
    yield from (
        b"[a]\nb\n",
        b"a=b\n",
        b"[]\n=\n",
        b"[a]\n\x00=1\n",
        b"[a]\n\xff=1\n",
        b"#\n;\n",
        b"",
    )


def sheets() -> Iterator[bytes]:
    yield SHEET
    yield from (
        SHEET.replace(b";", b","),
        SHEET.replace(b";", b"\t"),
        b"sep=,\n" + SHEET,
    )
    yield from (
        SHEET.decode().encode("utf-16"),
        codecs.BOM_UTF8 + SHEET,
        SHEET * 3,
        b"",
        b"\n\n",
    )
    yield from (
        b'serial\n"1',
        b'serial;a\n"x";"y\ny"\n',
        b"serial;serial\n1;2\n",
        b"\0",
        b"\xff\xfea",
    )
    yield SHEET + b"x" * 70_000


def enrolments() -> Iterator[bytes]:
    line = b'kiosk-1 = "1700000000 sha256:' + b"a" * 64 + b'"\n'
    yield from (
        b"[enrolled]\n" + line,
        b"[enrolled]\n" + line * 2,
        line,
        b"[enrolled]\n",
        b"",
    )
    yield from (
        b'[enrolled]\na = "1 banned"\n',
        b"[enrolled]\na = 1\n",
        b"enrolled = 1\n",
    )
    yield from TOML_TRAPS


def records() -> Iterator[bytes]:
    history = History((1.0, 2.0), (3.0,), "boot", 5.0)
    yield to_text(LadderRecord(history, next(iter(Rung)), "K005", "why")).encode()
    seen = {"b": Seen("2026-11-28T14:00:00Z", "applied")}
    kept = ProvisionRecord("c", "p", "l", "t", 1, "m", ("a",), {"n": "x"}, seen)
    yield json.dumps({"format": 1, **asdict(kept)}).encode()
    yield json.dumps(
        {
            "format": 1,
            "url": "https://h",
            "etag": '"a"',
            "newest": "2026-11-28T14:00:00+00:00",
        }
        | {"bundle": "b", "text": "t"}
    ).encode()
    yield json.dumps(
        {"stage": "none", "id": "", "version": "1.2", "slot": "a", "failed": ["x"]}
        | {"seen": "2026-11-28T14:00:00+00:00"}
    ).encode()
    yield b'{"format":1,"id":"a","created":"","files":[{"place":"x","mode":1,"sha256":""}]}'
    yield b'{"room_id":"r","user_id":"u","muted":true,"returns":1,"at":5}'
    yield from (
        b"",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{",
        b"[" * 20_000,
        b'{"format":1}',
        b"\xff",
    )
    yield from (
        b'{"format":1e999}',
        b'{"starts":1e999}',
        b'{"at":' + b"9" * 5000 + b"}",
    )
    yield b'{"format":1,"current":"","previous":"","last_good":"","trial":"","starts":1e999}'


GET = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def posts() -> Iterator[bytes]:
    yield GET
    for route, body in (
        (b"weapp/double_room/get_room_list", b'{"cnt":1,"index":0}'),
        (b"weapp/double_room/get_push_url", b'{"userID":"a"}'),
        (b"weapp/double_room/create_room", b'{"userID":"a","roomInfo":"x"}'),
        (b"weapp/double_room/pusher_heartbeat", b'{"userID":"a","roomID":"r"}'),
        (b"weapp/utils/get_login_info?userID=a", b""), (b"status", b""), (b"metrics", b""),
        (b"kiosk/report?token=x", b'{"serial":"s"}'), (b"v4/openim/login?usersig=x", b"{}"),
        (b"weapp/multi_room/queue_seat", b'{"userID":"a","roomID":"r"}'),
    ):  # fmt: skip
        head = (
            b"POST /%s HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            % route
        )
        yield head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    yield from [*SMUGGLED.values()][:40]
    yield from (
        GET * 3,
        GET[:-2],
        b"\x16\x03\x01\x02\x00",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    )
    yield GET.replace(b"/healthz", b"/" + b"a" * 9000)
    yield GET.replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * 70 + b"\r\n")


def heads() -> Iterator[bytes]:
    for whole in posts():
        head, end, _ = whole.partition(b"\r\n\r\n")
        yield head + end


def client_answers() -> Iterator[bytes]:
    body = b'{"code":0,"message":"","roomID":"r","roomInfo":"","roomCreator":"a","pushers":[]}'
    good = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    yield good
    yield (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        % (
            len(body),
            body,
        )
    )
    yield b"HTTP/1.0 200 OK\r\n\r\n" + body
    for status in (101, 204, 302, 304, 404, 407, 429, 500, 503):
        yield good.replace(b"200 OK", b"%d X" % status)
    for more in (
        b"Content-Encoding: gzip", b"Retry-After: 5", b"Content-Length: 5", b"A" * 5000,
        b"Content-Type: text/html", b"Transfer-Encoding: chunked", b"X: y\r\n" * 65 + b"Z: z",
    ):  # fmt: skip
        yield good.replace(b"OK\r\n", b"OK\r\n" + more + b"\r\n")
    yield from (
        b"",
        good[:40],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\0" * 99,
    )
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"
    yield b"HTTP/1.1 200 OK\r\n\r\n<html>sign in</html>"


def downloads() -> Iterator[bytes]:
    for status in (200, 206, 301, 302, 304, 404, 408, 416, 429, 503, 999):
        yield (
            b'%d\nContent-Length: 20\nETag: "a"\nContent-Range: bytes 10-19/20' % status
        )
        yield b"%d\nLocation: https://other.example/x\nRetry-After: 30" % status
    for place in (
        b"http://h/",
        b"//[",
        b"https://u@h/",
        b"file:///x",
        b"https://[::1",
        b"",
    ):
        yield b"302\nLocation: " + place


def control_bodies() -> Iterator[bytes]:
    yield from (
        *(b'/press\n{"button":"call"}', b'/press\n{"button":"mute","held_ms":5}'),
        *(b'/press\n{"button":["call"]}', b'/press\n{"button":"call","held_ms":1e999}'),
        *(b'/text\n{"text":"hello"}', b'/text\n{"reply":1}', b'/text\n{"reply":true}'),
        *(b'/text\n{"text":"\\ud800"}', b'/text\n{"text":""}', b'/text\n{"reply":NaN}'),
        *(
            b"/still\n{}",
            b'/stand-down\n{"seconds":60}',
            b'/stand-down\n{"seconds":60.0}',
        ),
        *(b'/screenshot\n{"path":"/tmp/a.png"}', b'/screenshot\n{"path":"a.png"}'),
        *(
            b'/screenshot\n{"path":"/\\udcff.png"}',
            b'/screenshot\n{"path":"/a\\u0000.png"}',
        ),
        *(
            b"/text\n" + b"[" * 4000,
            b"/text\n" + b" " * 5000,
            b"/text\n\xff",
            b"/text\n",
        ),
        *(
            b'/text\n{"text":"a","text":"b"}',
            b"/press\nnull",
            b'/press\n{"held_ms":' + b"9" * 4000,
        ),
    )


FILES: dict[str, Callable[[], Iterable[bytes]]] = {
    "config_kiosk": lambda: sections("kiosk.toml"),
    "config_server": lambda: sections("server.toml"),
    "manifest": manifests,
    "signature": signatures,
    "update_file": updates,
    "keyfile": keyfiles,
    "spreadsheet": sheets,
    "enrolment": enrolments,
    **dict.fromkeys(
        (
            "ladder_record",
            "call_memory",
            "provision_record",
            "applied_set",
            "pull_record",
            "update_record",
        ),
        records,
    ),
}
HTTP: dict[str, Callable[[], Iterable[bytes]]] = {
    "http_server": posts,
    "http_head": heads,
    "http_client": client_answers,
    "download_answer": downloads,
    "control_socket": control_bodies,
}
