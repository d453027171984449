"""nginx as a load balancer before room servers, from our sample, on a free port."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.strangers import free_port, program


SAMPLE = Path(__file__).parents[2] / "config" / "proxy" / "nginx.conf"
START_S = 5.0


@contextmanager
def balancer(folder: Path, first: int, second: int) -> Iterator[str]:
    """Run nginx before two servers of this machine; yield where clients connect."""
    port = free_port()
    command = [program("nginx"), "-p", str(folder), "-c"]
    conf = _written(folder, {8080: port, 8081: first, 8082: second})
    with (folder / "nginx.log").open("ab") as output:
        process = subprocess.Popen(
            [*command, str(conf)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _written(folder: Path, ports: dict[int, int]) -> Path:
    text = SAMPLE.read_text("utf-8")
    for usual, port in ports.items():
        text = text.replace(f"127.0.0.1:{usual}", f"127.0.0.1:{port}")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = re.sub(r"(?m)^http \{\n", f"http {{\n{folders}", text)
    text = text.replace("/var/log/nginx/error.log", f"{folder}/nginx-error.log")
    own = f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\n"
    conf = folder / "balancer.conf"
    conf.write_text(f"{own}{text}")
    return conf


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            assert process.poll() is None, "nginx ended at once"
            assert time.monotonic() < deadline, "nginx does not answer"
            time.sleep(0.02)
        else:
            return
