"""
Where the corpora come from: ``python -m tests.fuzz.corpora`` writes what is missing.

Pieces of the wire goldens, and lists of what broke some program somewhere.  Files that
are there stay: what a fuzzer found lies among them, as ``found-...``.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from kiosk.agentdesk.framing import HEADER_BYTES
from kiosk.room.stream_ticket import Purpose
from kiosk.room.stream_url import StreamHost, signed_query
from kiosk.rtmp import amf0
from tests.fakes.hostile_text import BAD_IDS, CONTROL_TEXTS, TEXTS
from tests.fakes.rtmp_goldens import recorded_media, to_client, to_server
from tests.fuzz.corpora_of_files import FILES, HTTP
from tests.fuzz.target import CORPUS
from tests.fuzz.targets import keys


ROOT = Path(__file__).parents[2]
WIRE = ROOT / "tests" / "wire"
GOLDEN = json.loads((WIRE / "room_messages.json").read_text("utf-8"))
IM = json.loads((WIRE / "rtcroom_im_session.json").read_text("utf-8"))["commands"]
RECORDED = json.loads((WIRE / "rtcroom_double_room.json").read_text("utf-8"))
LONGEST = 4096
STREAM = "8525_abcdefghijklmnopqrstuvwxyz_x"
CONVERSATIONS = ("ffmpeg_publish", "ffmpeg_play", "nginx_publish", "nginx_play")

JSON_TRAPS = (
    *(b"", b"null", b"[]", b'"ok"', b"{}", b"<html>login</html>", b"\xef\xbb\xbf{}"),
    *(
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b'{"code":' + b"9" * 5000 + b"}",
        b'{"code":NaN}',
    ),
    *(b'{"code":-Infinity}', b'{"code":0,"code":5}', b'{"code":0,"message":"\\ud800"}'),
    *(b'{"code":0.0}', b'{"code":false}', b'{"code":1e999}', b'{"code":0}\x00', b"{"),
    *(
        b'{"code":5001,"message":"full"}',
        b'{"code":0,"data":{}}',
        b"\xff\xfe{\x00}\x00",
    ),
)
AMF = (
    amf0.encode(
        "connect", 1, {"app": "live", "tcUrl": "rtmp://h/live", "kioskIdr": True}
    ),
    amf0.encode("onMetaData", amf0.EcmaArray({"width": 640, "duration": 0.0})),
    amf0.encode([1, [2, [3, None, amf0.UNDEFINED]], amf0.Date(0.0), amf0.Xml("<a/>")]),
    *(b"\x03" * 40, b"\x0a\xff\xff\xff\xff", b"\x08\xff\xff\xff\xff\x00\x00\x09"),
    *(
        b"\x0a\x00\x00\x00\x01" * 40,
        b"\x02\xff\xff",
        b"\x0c\x7f\xff\xff\xff",
        b"\x07\x00\x01",
    ),
    *(
        b"\x00\x7f\xf8" + bytes(6),
        b"\x0b\x7f\xf0" + bytes(8),
        b"\x02\x00\x04\xff\xfe\xed\xa0",
    ),
)


def chunk_streams() -> Iterator[bytes]:
    """What follows the handshakes."""
    for name in CONVERSATIONS:
        for half in (to_server(name), to_client(name)):
            yield half[3073:][:LONGEST]
    yield b"\x02" + bytes(7) + b"\x04\x01" + bytes(4) + b"\x00\x00\x00\x00"
    yield b"\x02" + bytes(6) + b"\x04\x01" + bytes(4) + b"\x80\x00\x00\x00"
    yield b"\x03" + bytes(3) + b"\xff\xff\xff\x09\x01" + bytes(3)
    yield b"".join(
        bytes((number, 0, 0, 0, 0, 9, 9, 9)) + bytes(4) for number in range(3, 64)
    )
    yield b"\x03\xff\xff\xff\x00\x00\x01\x09" + bytes(4) + b"\xff\xff\xff\xff\x00"


def handshakes() -> Iterator[bytes]:
    for name in ("ffmpeg_publish", "nginx_play"):
        yield to_server(name)[:3100]
        yield to_client(name)[:3100]
    yield from (
        b"",
        b"\x03",
        b"\x06" + bytes(1600),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01",
    )


def tags() -> Iterator[bytes]:
    """FLV tag bodies, of recordings and bad ones."""
    seen = [tag.payload for tag in recorded_media("ffmpeg_publish")][:24]
    yield from (body[:LONGEST] for body in seen)
    yield from AMF
    yield from (b"\x17\x00", b"\x17\x00\x00\x00\x00\x01\x64\x00\x1e\xff\xe1\xff\xff")
    yield from (
        b"\x90hvc1",
        b"\x90avc1\x01",
        b"\xaf\x00",
        b"\xaf\x00\xff\xff",
        b"\x97" + bytes(9),
    )


def avcc() -> Iterator[bytes]:
    yield from (body[5:] for body in tags() if body[:2] in {b"\x17\x01", b"\x27\x01"})
    yield from (
        b"",
        b"\0\0\0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xffa",
        b"\0\0\0\2\x65",
        b"\0\0\0\1\x09",
    )


def stream_urls() -> Iterator[bytes]:
    host = StreamHost("relay.example:1935")
    good = signed_query(keys.KEY, STREAM, keys.NOW + 3600, "8525")
    yield host.url(STREAM, good).encode()
    yield host.url(
        "8888_kiosk1", signed_query(keys.KEY, "8888_kiosk12", keys.NOW, "8888")
    ).encode()
    for vector in next(iter(RECORDED["test_vectors"].values())):
        key = f"bizid=8888&txSecret={vector['txSecret']}&txTime={vector['txTime']}"
        yield host.url(vector["stream_id"], key).encode()
    yield from (
        good.encode(),
        f"{good}&txTime=FFFFFFFF".encode(),
        good.lower().encode(),
    )
    yield from (
        *(
            b"file:///etc/passwd",
            b"http://169.254.169.254/latest/meta-data",
            b"rtmp://",
        ),
        *(b"rtmp://u:p@h/live/s", b"rtmp://h:0/live/s", b"rtmp://h:65536/live/s"),
        *(b"rtmp://[::1]:99999/live/s", b"rtmp://[/live/s", b"rtmp://h/live/s\r\nX: y"),
        *(b"rtmp://h/live/" + b"a" * 10_000, b"rtmp://h/live/s\x00", b"rtmp://h//s"),
        *(
            b"RTMP://H/live/s",
            b"rtmp:h/live/s",
            b"//h/live/s",
            b"rtmp://h/live/s?a=b#c",
        ),
        *("rtmp://h\u00e9/live/s".encode(), "rtmp://h/live/\u202es".encode()),
        *(b"gopher://h/live/s", b"rtmpe://h/live/s", b"rtmp://0x7f.1/live/s"),
    )


def tickets() -> Iterator[bytes]:
    good = keys.TICKET_KEY.query(keys.TICKET)
    yield good.encode()
    yield keys.TICKET_KEY.query(keys.TICKET._replace(purpose=Purpose.PLAY)).encode()
    for worse in ("v=1", "v=2", good.upper(), f"{good}&", f"{good}&v=2", good[:-1], ""):
        yield worse.encode()
    yield good.replace("v=2&", "", 1).encode() + b"&v=2"
    yield good.replace("nbf=", "nbf=%3", 1).encode()


def user_sigs() -> Iterator[bytes]:
    good = keys.SIG_KEY.sign("alice", keys.NOW)
    yield good.encode()
    yield RECORDED["test_vectors"]["userSig"]["userSig"].encode()
    bomb = b64encode(zlib.compress(bytes(8 << 20), 9)).translate(
        bytes.maketrans(b"+/=", b"*-_")
    )
    yield bomb
    for body in JSON_TRAPS[:16]:
        packed = b64encode(zlib.compress(body))
        yield packed.translate(bytes.maketrans(b"+/=", b"*-_"))
    yield from (b"", b"____", b"*" * 5000, b"eJw", good[:20].encode())


def media_messages() -> Iterator[bytes]:
    for kind in (0, 1, 2, 3, 255):
        for codec in range(6):
            yield (
                bytes((kind, codec, 0, 0))
                + bytes(4)
                + struct.pack(">dd", 1e6, 2e6)
                + b"payload"
            )
    yield from (b"", bytes(HEADER_BYTES), b"\xff" * 64, bytes(HEADER_BYTES) + b"a")


ORDERS = (
    *(b'{"do":"answer"}', b'{"do":"say","text":"hello"}', b'{"do":"mute","on":true}'),
    *(
        b'{"do":"hand_over","to":"b"}',
        b'{"do":["a"]}',
        b'{"do":"\\ud800"}',
        b'{"do":""}',
    ),
)


def requests() -> Iterator[bytes]:
    for name, wire in GOLDEN["requests"].items():
        yield name.partition(",")[0].encode() + b"\n" + json.dumps(wire).encode()
    yield from JSON_TRAPS
    for bad in BAD_IDS[:20]:
        yield b"add_pusher\n" + json.dumps({"roomID": bad, "userID": "a"}).encode()


def answers() -> Iterator[bytes]:
    for name, wire in GOLDEN["answers"].items():
        yield name.encode() + b"\n" + json.dumps(wire).encode()
    yield from (b"get_pushers\n" + trap for trap in JSON_TRAPS)
    yield b'get_pushers\n{"code":0,"message":"","roomID":"r","pushers":[{"userID":"a"}]}'


def im_messages(side: str) -> Iterator[bytes]:
    for path, both in IM.items():
        name = path.rpartition("/")[2]
        yield name.encode() + b"\n" + json.dumps(both[side]).encode()
    said = IM["/v4/group_open_http_svc/send_group_msg"]["body"]
    heard = {"Event": 3, "From_Account": "b", "MsgBody": said["MsgBody"]}
    told = {"Event": 5, "MsgBody": {"ReportType": 255, "UserDefinedField": "{}"}}
    news = {
        "ActionStatus": "OK",
        "ErrorCode": 0,
        "NextSeq": 1,
        "RspMsgList": [heard, told],
    }
    yield b"get_msg\n" + json.dumps(news).encode()
    yield b"said\n" + json.dumps(said).encode()
    yield b'get_msg\n{"StartSeq":0,"HoldTime":90,"Key":"r#0#u"}'
    yield from JSON_TRAPS


def texts() -> Iterator[bytes]:
    """What people and attackers write."""
    for text in (*TEXTS, *CONTROL_TEXTS, *BAD_IDS[:10]):
        yield text.encode(
            "utf-8", "surrogateescape" if "\ud800" not in text else "replace"
        )
    yield b"R001: the room service gave no answer; call 95588"
    yield b"rtmp://relay.example/live/s?txSecret=0123&txTime=6B49D200 refused"


def conversations(side: str) -> Iterator[bytes]:
    read = to_server if side == "server" else to_client
    yield from (read(name)[:LONGEST] for name in CONVERSATIONS)
    yield bytes(3073) + b"\x03" * 64
    yield b"\x03" + bytes(3072) + b"".join(AMF[:3])
    yield read("nginx_refuses")[:LONGEST]


ALL: dict[str, Callable[[], Iterable[bytes]]] = {
    "rtmp_chunks": chunk_streams,
    "rtmp_amf0": lambda: AMF,
    "rtmp_handshake": handshakes,
    "rtmp_flv": tags,
    "rtmp_avcc": avcc,
    "rtmp_to_server": partial(conversations, "server"),
    "rtmp_to_client": partial(conversations, "client"),
    "rtmp_url": stream_urls,
    "room_request": requests,
    "room_answer": answers,
    "im_request": partial(im_messages, "body"),
    "im_answer": partial(im_messages, "answer"),
    "desk_order": lambda: (*ORDERS, *JSON_TRAPS),
    "stream_key": stream_urls,
    "stream_ticket": tickets,
    "user_sig": user_sigs,
    "desk_media": media_messages,
    "screen": texts,
    "log_line": texts,
    **FILES,
    **HTTP,
}


def write_missing() -> None:
    """Write what is not there yet; two alike are one."""
    for name, made in ALL.items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(dict.fromkeys(made())):
            digest = hashlib.sha256(content).hexdigest()[:8]
            if not [*folder.glob(f"*-{digest}")]:
                (folder / f"{number:02}-{digest}").write_bytes(content)


if __name__ == "__main__":
    write_missing()
