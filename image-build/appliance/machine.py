"""
A booted appliance: commands, files, pictures and resets, for tests on the host.

One machine at a time may be started per folder.  Everything is told from outside; the
guest knows no test.  A kernel that dies of the emulator is told by :exc:`GuestPanic`.
"""

from __future__ import annotations

import base64
import io
import re
import subprocess
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.errors import GuestPanic, MachineError
from appliance.qemu import Hardware, command
from appliance.wire import Lines, Message, Qmp


HOST: Final = "10.0.2.2"
"""The host's loopback, as the guest reaches it."""
BOOT_S: Final = 600.0
"""A boot takes 30 s on a quiet machine, 250 s on one that does twelve other things."""
_NO_ORPHAN: Final = ("setpriv", "--pdeathsig", "KILL")
_PANIC_S: Final = 30.0
_PANIC: Final = re.compile(r"Kernel panic|Oops: |BUG: unable to handle")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Machine:
    """
    One virtual machine; a context manager that boots and stops it.

    Args:
        disk: See :func:`appliance.disk.disk`; a file is a whole disk of its own, see
            :mod:`appliance.two_slots`.
        folder: For its sockets and logs; made if it is not there.
        hardware: What it has.

    Attributes:
        boot_s: Seconds from power on to the agent's first word.

    """

    def __init__(
        self, disk: Path, folder: Path, hardware: Hardware | None = None
    ) -> None:
        self.disk = disk
        self.folder = folder
        self.hardware = hardware or Hardware()
        self.boot_s = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._agent: Lines | None = None
        self._qmp: Qmp | None = None
        self._number = 0
        self._wanted_panics = 0
        self._is_silent = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def qmp(self) -> Qmp:
        """QEMU's control connection."""
        if self._qmp is None:
            raise MachineError("the machine is not running")
        return self._qmp

    @property
    def serial(self) -> str:
        """What the kernel wrote on its console."""
        log = self.folder / "serial.log"
        return log.read_text("utf-8", errors="replace") if log.exists() else ""

    @property
    def has_panicked(self) -> bool:
        """Whether the guest's kernel died since it was started, unwanted."""
        return self._panics() > self._wanted_panics

    @property
    def is_lost(self) -> bool:
        """
        Whether nothing in it answers any more: its kernel died, or all of it stands.

        The emulator's doing: a command that hangs is ended in the guest, and answered.
        """
        return self.has_panicked or self._is_silent

    def start(self, attempts: int = 2) -> None:
        """
        Boot, until the agent answers.

        Args:
            attempts: How often, where the kernel dies of the emulator.

        Raises:
            MachineError: If it does not boot.

        """
        for left in reversed(range(attempts)):
            try:
                self._boot()
            except GuestPanic:
                self.stop()
                if not left:
                    raise
            except MachineError:
                self.stop()
                raise
            else:
                return

    def _boot(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("agent.sock", "qmp.sock", "serial.log"):
            (self.folder / name).unlink(missing_ok=True)
        started = time.monotonic()
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*_NO_ORPHAN, *command(self.disk, self.folder, self.hardware)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._qmp = Qmp(self.folder / "qmp.sock")
            self._agent = Lines(self.folder / "agent.sock")
        except MachineError as error:
            said = (self.folder / "qemu.log").read_text("utf-8", errors="replace")
            raise MachineError(
                f"QEMU did not start: {said.strip() or error}"
            ) from error
        self._wanted_panics = 0
        self._is_silent = False
        self.wait_for_boot()
        self.boot_s = time.monotonic() - started

    def wait_for_boot(self, timeout: float = BOOT_S) -> None:
        """
        Wait until the agent of a boot that was not seen yet says hello.

        Raises:
            MachineError: If it does not.

        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            hello = self._link().until(lambda one: "hello" in one, 2.0)
            if hello is not None:
                return
            if self.has_panicked:
                raise GuestPanic(f"the guest's kernel died, see {self._log()}")
        raise MachineError(f"no agent after {timeout:.0f} s, see {self._log()}")

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        stdin: bytes = b"",
        timeout: float = 60.0,
    ) -> Done:
        """
        Run a command in the guest to its end.

        Args:
            argv: Program and arguments.
            user: Who runs it, with all groups; root unless said.
            stdin: What it reads.
            timeout: Seconds, after which its exit code is 124.

        Raises:
            GuestPanic: If the guest's kernel died meanwhile.
            MachineError: If the agent said nothing.

        """
        self._number += 1
        number = self._number
        words = list(argv) if user is None else ["runuser", "-u", user, "--", *argv]
        self._link().send(
            {
                "id": number,
                "argv": words,
                "stdin": base64.b64encode(stdin).decode(),
                "timeout": timeout,
            }
        )
        answer = self._link().until(lambda one: one.get("id") == number, timeout + 60.0)
        if answer is None:
            if self.has_panicked:
                raise GuestPanic(f"the guest's kernel died, see {self._log()}")
            self._is_silent = True
            raise MachineError(f"no answer to {' '.join(words)}, see {self._log()}")
        return _done(answer)

    def check(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        stdin: bytes = b"",
        timeout: float = 60.0,
    ) -> str:
        """
        Run a command that has to succeed, and return what it wrote.

        Raises:
            MachineError: If it fails, with what it said.

        """
        done = self.run(argv, user=user, stdin=stdin, timeout=timeout)
        if done.code != 0:
            said = (done.err or done.out).strip()
            raise MachineError(f"{' '.join(argv)} failed ({done.code}): {said}")
        return done.out

    def put(self, path: str, content: bytes | str) -> None:
        """Write a file in the guest, as root, with its folders."""
        data = content.encode() if isinstance(content, str) else content
        script = 'mkdir -p "$(dirname "$1")" && cat > "$1"'
        self.check(["sh", "-c", script, "put", path], stdin=data)

    def get(self, path: str) -> bytes:
        """Return the content of a file in the guest."""
        return base64.b64decode(self.check(["base64", "-w0", path]))

    def put_tree(self, sources: Sequence[Path], target: str, user: str) -> None:
        """Put copies of folders and files below a folder that belongs to ``user``."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
            for source in sources:
                archive.add(source, source.name, filter=_without_caches)
        script = (
            'mkdir -p "$1" && tar -xz -C "$1" --no-same-owner && chown -R "$2": "$1"'
        )
        self.check(["sh", "-c", script, "put", target, user], stdin=packed.getvalue())

    def crash(self) -> None:
        """
        Have the guest's kernel panic, and wait until it has.

        Raises:
            MachineError: If it lives on.

        """
        before = self._panics()
        script = "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"
        self._number += 1
        self._link().send({"id": self._number, "argv": ["sh", "-c", script]})
        deadline = time.monotonic() + _PANIC_S
        while self._panics() == before:
            if time.monotonic() >= deadline:
                raise MachineError("the kernel lives on after sysrq c")
            time.sleep(0.2)
        time.sleep(1.0)  # it says more than one line of it
        self._wanted_panics = self._panics()

    def screendump(self, path: Path) -> Path:
        """Write what the virtio display shows as a PNG, and return its path."""
        self.qmp.ask("screendump", filename=str(path.absolute()), format="png")
        return path

    def cut(self) -> None:
        """Cut the power in this instant: what was not on the disk yet is lost."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def stop(self) -> None:
        """Pull the plug. No error if it is out."""
        if self._qmp is not None:
            with suppress(MachineError):
                self._qmp.ask("quit")
            self._qmp.close()
        if self._agent is not None:
            self._agent.close()
        if self._process is not None:
            try:
                self._process.wait(10.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._qmp = self._agent = self._process = None

    def _link(self) -> Lines:
        if self._agent is None:
            raise MachineError("the machine is not running")
        return self._agent

    def _panics(self) -> int:
        return len(_PANIC.findall(self.serial))

    def _log(self) -> Path:
        return self.folder / "serial.log"


def _done(answer: Message) -> Done:
    out, err = (base64.b64decode(answer[name]) for name in ("out", "err"))
    return Done(
        answer["code"], out.decode(errors="replace"), err.decode(errors="replace")
    )


def _without_caches(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name else entry
