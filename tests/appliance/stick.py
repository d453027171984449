"""A USB stick: made on the host, plugged into the guest, pulled out and read again."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance.errors import MachineError
from appliance.machine import Machine


LABEL: Final = "KIOSK"
_SIZE: Final = 16 << 20
_NODE: Final = "stick"
_OUT_S: Final = 30.0


class Stick:
    """
    A stick with a FAT file system, as technicians have it.

    Args:
        machine: Where it is plugged in.
        image: The file that is the stick.

    """

    def __init__(self, machine: Machine, image: Path) -> None:
        self._machine = machine
        self._image = image
        image.write_bytes(b"")
        with image.open("r+b") as file:
            file.truncate(_SIZE)
        _run("mkfs.vfat", "-n", LABEL, image)

    def put(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, replacing what they are called like; while it is not plugged in."""
        made: set[str] = set()
        for name, content in files.items():
            *folders, _ = name.split("/")
            for depth in range(1, len(folders) + 1):
                folder = "/".join(folders[:depth])
                if folder not in made:
                    _run(
                        "mmd",
                        "-D",
                        "s",
                        "-i",
                        self._image,
                        f"::{folder}",
                        is_sure=False,
                    )
                    made.add(folder)
            data = content.encode() if isinstance(content, str) else content
            _run("mcopy", "-o", "-i", self._image, "-", f"::{name}", data=data)

    def get(self, name: str) -> str | None:
        """Return the text of a file; None where there is none. While it is not plugged in."""
        words = ["mtype", "-i", str(self._image), f"::{name}"]
        done = subprocess.run(words, check=False, capture_output=True)
        return done.stdout.decode() if done.returncode == 0 else None

    def plug(self) -> None:
        """Put it into the machine."""
        file = {"driver": "file", "filename": str(self._image)}
        self._machine.qmp.ask(
            "blockdev-add", **{"driver": "raw", "node-name": _NODE, "file": file}
        )
        self._machine.qmp.ask("device_add", driver="usb-storage", drive=_NODE, id=_NODE)

    def pull(self) -> None:
        """Take it out, whatever is going on there."""
        self._machine.qmp.events.clear()
        self._machine.qmp.ask("device_del", id=_NODE)
        if not self._machine.qmp.wait_for("DEVICE_DELETED", _OUT_S):
            raise MachineError("the stick does not come out")
        self._machine.qmp.ask("blockdev-del", **{"node-name": _NODE})


def _run(*words: object, data: bytes = b"", is_sure: bool = True) -> None:
    command = [str(word) for word in words]
    done = subprocess.run(command, check=False, capture_output=True, input=data)
    if is_sure and done.returncode != 0:
        raise MachineError(f"{' '.join(command)}: {done.stderr.decode().strip()}")
