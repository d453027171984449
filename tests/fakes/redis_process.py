"""A real redis-server of a test's own, on loopback, gone with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.tls import trusting


START_S = 10.0


class RedisProcess:
    """
    One redis-server; may be killed, stopped and started again.

    Args:
        durable: Whether it keeps what it was told over a kill.
        password: Asked for, if any.
        fsync: When it syncs what it keeps: ``always`` or ``everysec``.
        tls: Files of its certificate and key: then it speaks nothing but TLS.

    """

    def __init__(
        self,
        *,
        durable: bool = False,
        password: str = "",
        fsync: str = "always",
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        self._tls = tls
        self._folder = Path(tempfile.mkdtemp(prefix="kiosk-redis-"))
        self._durable = durable
        self._password = password
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        secret = f":{self._password}@" if self._password else ""
        scheme = "rediss" if self._tls else "redis"
        return f"{scheme}://{secret}127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = {
            **self._ports(),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": self._fsync,
            "requirepass": self._password,
        }
        arguments = [
            item for key, value in options.items() for item in (f"--{key}", value)
        ]
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                ["redis-server", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """Let it be gone at once; repeatable."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """Its process number."""
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """Let it answer nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def _ports(self) -> dict[str, str]:
        if self._tls is None:
            return {"port": str(self.port)}
        certificate, key = map(str, self._tls)
        return {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": certificate,
            "tls-key-file": key,
            "tls-auth-clients": "no",
        }

    def _answers(self) -> bool:
        try:
            with self._probe() as probe:
                probe.sendall(b"PING\r\n")
                # Still loading, or wants a password: then it is there as well.
                return not probe.recv(64).startswith(b"-LOADING")
        except OSError:
            return False

    def _probe(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), 1.0)
        if self._tls is None:
            return plain
        context = trusting(self._tls[0])
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with plain:
            return context.wrap_socket(plain)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
