"""What a machine lacks is told in one line; what the appliance is made of is in lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import recipe, root
from appliance.errors import BuildError
from appliance.qemu import Hardware, command


def test_missing_programs_are_named_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BuildError) as error:
        recipe.require_tools()

    told = str(error.value)
    assert told.startswith("missing for the appliance: apt-get install ")
    assert {"mmdebstrap", "qemu-system-x86"} <= set(told.split())
    assert len(told.splitlines()) == 1


def test_a_step_that_fails_says_what_it_said() -> None:
    with pytest.raises(BuildError, match=r"unpacking failed \(exit 3\):\nno space"):
        recipe.run(["sh", "-c", "echo no space; exit 3"], "unpacking")


def test_a_list_has_one_package_a_line_and_may_say_why(tmp_path: Path) -> None:
    path = tmp_path / "some.list"
    path.write_text("# why\npython3-av  # decodes\n\nudev\n")

    assert recipe.listed(path) == ["python3-av", "udev"]


def test_a_new_month_and_a_new_package_are_another_root(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    this = root.root_key("2026-11")

    assert root.root_key("2026-11") == this
    assert root.root_key("2026-12") != this
    monkeypatch.setattr(root, "packages", lambda: ["udev"])
    assert root.root_key("2026-11") != this


def test_the_machine_never_writes_to_the_disk_and_never_asks_for_kvm() -> None:
    words = command(Path("/disk"), Path("/run"), Hardware(forwards={8080: 80}))

    (drive,) = [word for word in words if word.endswith("root.ext4")]
    assert "snapshot=on" in drive
    assert words[words.index("-accel") + 1].startswith("tcg,thread=single")
    assert "user,id=lan,hostfwd=tcp:127.0.0.1:8080-:80" in words
    assert "virtio-gpu-pci,xres=640,yres=480" in words


def test_a_machine_may_have_no_display() -> None:
    words = command(Path("/disk"), Path("/run"), Hardware(display=None))

    assert not [word for word in words if word.startswith("virtio-gpu")]
