"""The chunk layer, byte by byte."""

from __future__ import annotations

from itertools import zip_longest

import pytest

from kiosk.errors import WireError
from kiosk.rtmp.chunks import (
    ChunkLimits,
    ChunkReader,
    ChunkWriter,
    Message,
    chunks_of,
    pack,
    unwrapped,
)
from tests.fakes.rtmp_chunking import CompressingWriter, basic_header
from tests.fakes.rtmp_pair import pieces


def video(timestamp: int, payload: bytes = b"picture") -> Message:
    return Message(9, 1, timestamp, payload)


def test_a_message_is_one_chunk_with_a_full_header() -> None:
    wire = pack(Message(9, 1, 0x010203, b"abc"), 6, 128)

    assert wire == bytes.fromhex("06 010203 000003 09 01000000") + b"abc"


def test_a_long_message_is_continued() -> None:
    wire = pack(video(0, b"x" * 300), 6, 128)

    assert len(wire) == 12 + 300 + 2
    assert wire[12 + 128] == 0xC6
    assert ChunkReader().feed(wire) == [video(0, b"x" * 300)]


def test_a_late_timestamp_is_extended_and_repeated() -> None:
    wire = pack(video(0x01020304, b"x" * 200), 6, 128)

    assert wire[1:4] == b"\xff\xff\xff"
    assert wire[12:16] == bytes.fromhex("01020304")
    assert wire[16 + 128 : 16 + 128 + 5] == bytes.fromhex("c6 01020304")
    assert ChunkReader().feed(wire) == [video(0x01020304, b"x" * 200)]


def test_a_timestamp_is_sent_modulo_two_to_the_32() -> None:
    assert ChunkReader().feed(pack(video(0x1_0000_0005), 6, 128)) == [video(5)]


def test_a_message_of_16_mib_cannot_be_sent() -> None:
    with pytest.raises(WireError, match="16777216 bytes"):
        pack(video(0, bytes(1 << 24)), 6, 128)


def test_the_writer_announces_its_chunk_size_before_it_uses_it() -> None:
    writer = ChunkWriter()
    wire = writer.set_chunk_bytes(1000) + writer.write(video(0, bytes(1000)), 6)

    assert ChunkReader().feed(wire) == [video(0, bytes(1000))]
    assert len(wire) == 16 + 12 + 1000


def test_every_form_of_header_is_read() -> None:
    sent = [
        Message(9, 1, 1000, b"a" * 10),  # full
        Message(8, 1, 1040, b"b" * 20),  # without stream
        Message(8, 1, 1070, b"c" * 20),  # difference only
        Message(8, 1, 1100, b"d" * 20),  # nothing
        Message(8, 2, 1100, b"e" * 20),  # full, for another stream
        Message(8, 2, 900, b"f" * 20),  # full, back in time
    ]
    writer = CompressingWriter()
    chunks = [writer.write(message, 6) for message in sent]

    assert [chunk[0] >> 6 for chunk in chunks] == [0, 1, 2, 3, 0, 0]
    assert ChunkReader().feed(b"".join(chunks)) == sent


def test_a_bare_header_after_a_full_one_adds_its_timestamp() -> None:
    """As section 5.3.1.2.4 says and FFmpeg writes it."""
    sent = [video(40), video(80), video(120)]
    writer = CompressingWriter()
    wire = b"".join(writer.write(message, 6) for message in sent)

    assert wire.count(b"\xc6") == 2
    assert ChunkReader().feed(wire) == sent


@pytest.mark.parametrize("chunk_stream", [2, 63, 64, 319, 320, 65_599])
def test_chunk_streams_have_one_two_or_three_bytes(chunk_stream: int) -> None:
    wire = CompressingWriter().write(video(5), chunk_stream)
    reader = ChunkReader()

    got = [message for piece in pieces(wire, 1) for message in reader.feed(piece)]

    assert got == [video(5)]


def test_chunks_of_several_messages_may_mix() -> None:
    writer = CompressingWriter()
    first, second = video(0, b"v" * 300), Message(8, 1, 7, b"a" * 200)
    turns = zip_longest(
        writer.chunks(first, 6), writer.chunks(second, 4), fillvalue=b""
    )
    mixed = b"".join(chunk for turn in turns for chunk in turn)

    assert ChunkReader().feed(mixed) == [second, first]


def test_a_stream_cut_in_single_bytes_is_the_same_stream() -> None:
    writer = CompressingWriter()
    sent = [
        video(at, bytes(200 + at % 100)) for at in (0, 40, 80, 0x2000000, 0x2000028)
    ]
    wire = b"".join(writer.write(message, 6) for message in sent)
    reader = ChunkReader()

    got = [message for piece in pieces(wire, 1) for message in reader.feed(piece)]

    assert got == sent


def test_differences_may_be_extended() -> None:
    writer = CompressingWriter()
    sent = [video(5), video(5 + 0x1234567, b"x" * 300), video(5 + 2 * 0x1234567)]
    wire = b"".join(writer.write(message, 6) for message in sent)

    assert ChunkReader().feed(wire) == sent


def test_an_extended_timestamp_need_not_be_repeated() -> None:
    """Some encoders leave it out of continuations."""
    head = bytes.fromhex("06 ffffff 0000c8 09 01000000 01020304")
    wire = head + b"x" * 128 + b"\xc6" + b"y" * 72

    (message,) = ChunkReader().feed(wire)

    assert message == video(0x01020304, b"x" * 128 + b"y" * 72)


def test_a_continuation_may_repeat_the_absolute_time_instead() -> None:
    start = pack(video(100), 6, 128)
    head = bytes.fromhex("46 ffffff 0000c8 09 01000000")
    late = (100 + 0x01000000).to_bytes(4, "big")
    wire = start + head + b"x" * 128 + b"\xc6" + late + b"y" * 72

    assert ChunkReader().feed(wire)[1] == video(
        100 + 0x01000000, b"x" * 128 + b"y" * 72
    )


def test_a_timestamp_wraps_in_the_reader() -> None:
    wire = pack(video(0xFFFFFFF0), 6, 128) + bytes.fromhex("86 000020") + b"picture"

    assert ChunkReader().feed(wire)[1] == video(0x10)


@pytest.mark.parametrize(
    ("previous", "wire", "meant"),
    [
        (0, 40, 40),
        (0xFFFFFFF0, 0x10, 0x1_0000_0010),
        (0x1_0000_0010, 0xFFFFFFF0, 0xFFFFFFF0),
        (100, 60, 60),
    ],
)
def test_a_wrapped_timestamp_is_the_nearest_one(
    previous: int, wire: int, meant: int
) -> None:
    assert unwrapped(previous, wire) == meant


def test_an_empty_message_is_a_message() -> None:
    assert ChunkReader().feed(pack(video(1, b""), 6, 128)) == [video(1, b"")]


def test_a_header_may_arrive_without_its_payload() -> None:
    wire = pack(video(1), 6, 128)
    reader = ChunkReader()

    assert reader.feed(wire[:12]) == []
    assert reader.feed(wire[12:]) == [video(1)]


def test_the_peers_chunk_size_is_followed() -> None:
    wire = pack(Message(1, 0, 0, bytes.fromhex("00000400")), 2, 128)

    assert ChunkReader().feed(wire + pack(video(0, bytes(1000)), 6, 1024)) == [
        video(0, bytes(1000))
    ]


def abort_of(chunk_stream: int) -> bytes:
    return pack(Message(2, 0, 0, chunk_stream.to_bytes(4, "big")), 2, 128)


def test_an_aborted_message_is_forgotten() -> None:
    reader = ChunkReader(ChunkLimits(unfinished_bytes=200))
    for _ in range(3):
        assert reader.feed(pack(video(0, bytes(200)), 6, 128)[:140]) == []
        assert reader.feed(abort_of(6)) == []
        assert reader.feed(abort_of(6) + abort_of(9)) == []

    assert reader.feed(pack(video(7), 6, 128)) == [video(7)]


@pytest.mark.parametrize("payload", [b"", b"\0\0\x10", bytes(4), b"\x01\0\0\x01"])
def test_an_impossible_chunk_size_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError, match="chunk size"):
        ChunkReader().feed(pack(Message(1, 0, 0, payload), 2, 128))


def test_a_tiny_chunk_size_may_be_refused() -> None:
    reader = ChunkReader(ChunkLimits(least_chunk_bytes=128))

    with pytest.raises(WireError, match="chunk size 127"):
        reader.feed(pack(Message(1, 0, 0, b"\0\0\0\x7f"), 2, 128))


def test_a_message_has_a_greatest_length_and_takes_no_memory_before() -> None:
    reader = ChunkReader(ChunkLimits(message_bytes=1000))

    with pytest.raises(WireError, match="1001 bytes, allowed are 1000"):
        reader.feed(bytes.fromhex("06 000000 0003e9 09 01000000"))


def test_the_limit_can_be_moved() -> None:
    reader = ChunkReader()
    reader.max_message_bytes = 3

    with pytest.raises(WireError, match="allowed are 3"):
        reader.feed(pack(video(0), 6, 128))


def test_unfinished_messages_have_a_limit_together() -> None:
    reader = ChunkReader(ChunkLimits(unfinished_bytes=300))
    three = [pack(video(0, bytes(200)), number, 128)[:140] for number in (3, 4, 5)]

    with pytest.raises(WireError, match="over 300 bytes in unfinished"):
        reader.feed(b"".join(three))


def test_chunk_streams_have_a_limit() -> None:
    reader = ChunkReader(ChunkLimits(chunk_streams=2))
    three = [pack(video(0), number, 128) for number in (3, 4, 5)]

    with pytest.raises(WireError, match="more than 2 chunk streams"):
        reader.feed(b"".join(three))


def test_messages_can_be_counted_out() -> None:
    reader = ChunkReader()
    reader.messages_left = 2

    with pytest.raises(WireError, match="too many messages"):
        reader.feed(pack(video(0), 6, 128) * 3)


@pytest.mark.parametrize("form", [2, 3])
def test_a_chunk_stream_cannot_begin_without_a_length(form: int) -> None:
    with pytest.raises(WireError, match="without a full header"):
        ChunkReader().feed(basic_header(form, 6) + bytes(20))


def test_a_chunk_stream_may_begin_without_a_stream_number() -> None:
    """librtmp opens chunk stream 2 so."""
    wire = bytes.fromhex("42 000000 000006 04") + bytes.fromhex("0003 00000001")

    assert ChunkReader().feed(wire) == [Message(4, 0, 0, wire[8:])]


def test_a_message_inside_another_is_refused() -> None:
    begun = pack(video(0, bytes(300)), 6, 128)[: 12 + 128]

    with pytest.raises(WireError, match="inside another"):
        ChunkReader().feed(begun + pack(video(0), 6, 128))


def test_the_announcement_of_a_chunk_size_has_the_specified_bytes() -> None:
    wire = ChunkWriter().set_chunk_bytes(4096)

    assert wire == bytes.fromhex("02 000000 000004 01 00000000 00001000")


def test_unfinished_messages_may_fill_their_limit() -> None:
    reader = ChunkReader(ChunkLimits(unfinished_bytes=256))
    two = [pack(video(0, bytes(200)), number, 128)[:140] for number in (3, 4)]

    assert reader.feed(b"".join(two)) == []


def test_a_chunk_size_is_four_bytes_whatever_follows() -> None:
    wire = pack(Message(1, 0, 0, bytes.fromhex("00000400 ff")), 2, 128)

    assert ChunkReader().feed(wire + pack(video(0, bytes(1000)), 6, 1024)) == [
        video(0, bytes(1000))
    ]


def test_the_first_header_of_a_chunk_stream_may_be_a_difference() -> None:
    assert ChunkReader().feed(bytes.fromhex("46 000005 000001 09") + b"x") == [
        Message(9, 0, 5, b"x")
    ]


@pytest.mark.parametrize("timestamp", [5, 0x01020304])
@pytest.mark.parametrize("length", [0, 127, 128, 129, 300])
def test_the_chunks_one_by_one_are_the_message(timestamp: int, length: int) -> None:
    sent = video(timestamp, b"x" * length)

    assert b"".join(chunks_of(sent, 6, 128)) == pack(sent, 6, 128)


@pytest.mark.parametrize("timestamp", [5, 0x01020304])
def test_a_message_of_another_chunk_stream_goes_between_chunks(timestamp: int) -> None:
    picture, sound = video(timestamp, b"x" * 300), Message(8, 1, timestamp, b"y" * 200)
    begun, *rest = chunks_of(picture, 6, 128)
    reader = ChunkReader()

    assert reader.feed(begun + pack(sound, 4, 128)) == [sound]
    assert reader.feed(rest[0] + pack(sound, 4, 128)) == [sound]
    assert reader.feed(b"".join(rest[1:])) == [picture]
