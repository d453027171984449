"""How the virtual machine is put together: one command line of QEMU, nothing done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


# no_timer_check: on a starved host the kernel finds its timer too slow, and gives up
KERNEL_WORDS: Final = (
    "rw noresume mitigations=off audit=0 quiet loglevel=4 no_timer_check "
    "systemd.show_status=0 vt.global_cursor_default=0 console=tty0 console=ttyS0"
)


@dataclass(frozen=True, slots=True)
class Hardware:
    """
    What the machine has.

    Attributes:
        cpus: Virtual processors.
        thread: ``single`` or ``multi``: one host thread for all of them, or each one.
            With several, QEMU 7.2 can run a kernel's code while another thread of it
            patches that code, and the guest dies.
        memory: In QEMU's words.
        display: Width and height of the virtio display, which can be dumped; ``None``
            for a machine without.
        kernel: More words for the kernel's command line.
        forwards: TCP ports of the host's loopback to ports of the guest.
        disks: Files that are further disks, ``/dev/vdb`` and so on; only read.

    """

    cpus: int = 2
    thread: str = "single"
    memory: str = "2G"
    display: tuple[int, int] | None = (640, 480)
    kernel: str = ""
    forwards: Mapping[int, int] = field(default_factory=dict[int, int])
    disks: tuple[Path, ...] = ()


def command(disk: Path, folder: Path, hardware: Hardware) -> list[str]:
    """
    Return the command that boots a disk.

    Args:
        disk: See :func:`appliance.disk.disk`; it is not written to.  A file instead is
            a whole disk, which starts itself and keeps what is written.
        folder: Where ``agent.sock``, ``qmp.sock`` and ``serial.log`` are.
        hardware: What the machine has.

    """
    forwards = "".join(
        f",hostfwd=tcp:127.0.0.1:{host}-:{guest}"
        for host, guest in hardware.forwards.items()
    )
    words = [
        *("qemu-system-x86_64", "-machine", "q35", "-cpu", "Haswell-v4"),
        # said explicitly: /dev/kvm may be there and yet run nothing
        *("-accel", f"tcg,thread={hardware.thread},tb-size=512"),
        *("-smp", str(hardware.cpus), "-m", hardware.memory),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *_start_of(disk, hardware),
        *("-device", "virtio-blk-pci,drive=root"),
        *("-netdev", f"user,id=lan{forwards}", "-device", "virtio-net-pci,netdev=lan"),
        *("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
        "-chardev",
        f"socket,id=agent,path={folder / 'agent.sock'},server=on,wait=off",
        *("-device", "virtserialport,chardev=agent,name=kiosk.appliance"),
        *("-device", "i6300esb", "-action", "watchdog=reset", "-device", "qemu-xhci"),
        *("-qmp", f"unix:{folder / 'qmp.sock'},server=on,wait=off"),
        *("-serial", f"file:{folder / 'serial.log'}"),
    ]
    for more in hardware.disks:
        words += ["-drive", f"if=virtio,format=raw,readonly=on,file={more}"]
    if hardware.display is not None:
        width, height = hardware.display
        words += ["-device", f"virtio-gpu-pci,xres={width},yres={height}"]
    return words


def _start_of(disk: Path, hardware: Hardware) -> list[str]:
    if disk.is_file():
        # who pulls the plug kills QEMU, not this host: no need to wait for its disks
        drive = f"if=none,id=root,format=raw,cache=unsafe,file={disk}"
        return ["-drive", drive]
    words = f"root=/dev/vda {KERNEL_WORDS} {hardware.kernel}".strip()
    drive = f"if=none,id=root,format=raw,snapshot=on,file={disk / 'root.ext4'}"
    return [
        *("-kernel", str(disk / "vmlinuz"), "-initrd", str(disk / "initrd.img")),
        *("-append", words, "-drive", drive),
    ]
