"""Pages of libraries that were read once: which are let go of, and that all works on."""

from __future__ import annotations

import json
import subprocess
import sys

from kiosk.app.library_pages import let_go_of_library_pages, mappings_in


SMAPS = """\
7f0000000000-7f0000010000 r--p 00000000 fe:01 11       /usr/lib/libav.so.61.19
Size:                 64 kB
Rss:                  40 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
7f0000010000-7f0000050000 r-xp 00010000 fe:01 11       /usr/lib/libav.so.61.19
Rss:                 100 kB
Anonymous:             0 kB
7f0000050000-7f0000060000 r--p 00050000 fe:01 11       /usr/lib/libav.so.61.19
Rss:                  64 kB
Anonymous:            64 kB
7f0000060000-7f0000070000 rw-p 00060000 fe:01 11       /usr/lib/libav.so.61.19
Rss:                   8 kB
Anonymous:             0 kB
7f0000070000-7f0000080000 rw-p 00000000 00:00 0
Rss:                  64 kB
Anonymous:            64 kB
7f0000080000-7f0000090000 r-xp 00000000 fe:01 12       /usr/lib/libgone.so (deleted)
Rss:                  64 kB
Anonymous:             0 kB
7f0000090000-7f00000a0000 r--p 00000000 fe:01 13       /usr/share/fonts/Inter.otf
Rss:                  64 kB
Anonymous:             0 kB
7f00000a0000-7f00000b0000 r-xp 00000000 fe:01 14       /usr/lib/libplugin.so
Rss:                  16 kB
Anonymous:             0 kB
"""


def test_what_is_never_written_is_let_go_of_and_nothing_else() -> None:
    gone: list[tuple[int, int]] = []

    def let_go(start: int, length: int) -> bool:
        gone.append((start, length))
        return True

    size = let_go_of_library_pages(
        lambda: SMAPS, lambda path: "plugin" not in path, let_go
    )

    assert gone == [(0x7F0000000000, 0x10000), (0x7F0000010000, 0x40000)]
    assert size == 140 * 1024


def test_what_the_kernel_keeps_is_not_counted() -> None:
    def refuse(_start: int, _length: int) -> bool:
        return False

    assert let_go_of_library_pages(lambda: SMAPS, lambda _: True, refuse) == 0


def test_without_a_map_of_the_process_nothing_happens() -> None:
    def read() -> str:
        raise FileNotFoundError

    assert let_go_of_library_pages(read) == 0


def test_the_map_is_read_as_the_kernel_writes_it() -> None:
    first, *_ = mappings_in(SMAPS.splitlines())

    assert (first.path, first.resident, first.own) == (
        "/usr/lib/libav.so.61.19",
        40 * 1024,
        0,
    )


CODE = """
import hashlib, json, ssl, threading
import av, numpy
from PIL import Image
from kiosk.app.library_pages import let_go_of_library_pages

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def work():
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt, codec.framerate = 64, 64, "yuv420p", 30
    frame = av.VideoFrame.from_ndarray(numpy.full((96, 64), 90, "u1"), "yuv420p")
    sent = b"".join(map(bytes, [*codec.encode(frame), *codec.encode(None)]))
    ssl.create_default_context()
    Image.new("RGB", (64, 64)).resize((32, 32)).tobytes()
    return hashlib.sha256(sent + numpy.arange(9.0).tobytes()).hexdigest()

first = work()
at_work = threading.Event()
threads = [threading.Thread(target=lambda: [work() for _ in range(20)]) for _ in "ab"]
for thread in threads:
    thread.start()
before = resident()
let_go = let_go_of_library_pages()
for thread in threads:
    thread.join()
let_go += let_go_of_library_pages()
print(json.dumps({"let_go": let_go, "less": before - resident(), "same": work() == first}))
"""


def test_codecs_and_ciphers_work_on_while_and_after_their_pages_are_let_go() -> None:
    said = subprocess.run(
        [sys.executable, "-c", CODE],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = json.loads(said.stdout)

    assert found["same"]
    assert found["let_go"] > 5_000_000
    assert found["less"] > 5_000_000
