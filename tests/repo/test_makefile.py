"""What a bare checkout needs and lacks is named, with the command that installs it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


ROOT = Path(__file__).parents[2]
SHELL_TOOLS = ("bash", "sh", "make")
STRANGERS = ("ffmpeg", "nginx", "curl", "openssl")


def system_with(
    tools: tuple[str, ...], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run ``make system`` where only these programs are installed."""
    for tool in tools:
        there = shutil.which(tool)
        assert there is not None, tool
        (folder / tool).symlink_to(there)
    return subprocess.run(
        [str(folder / "make"), "system"],
        cwd=ROOT,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_every_missing_stranger_is_named_with_the_command_that_installs_it(
    tmp_path: Path,
) -> None:
    made = system_with(SHELL_TOOLS, tmp_path)

    assert made.returncode != 0
    first = made.stderr.splitlines()[0]
    assert first.startswith("missing for the tests: apt-get install ")
    assert set(STRANGERS) <= set(first.split())


def test_only_what_is_missing_is_named(tmp_path: Path) -> None:
    made = system_with((*SHELL_TOOLS, "nginx", "curl", "openssl"), tmp_path)

    names = made.stderr.splitlines()[0].split()
    assert "ffmpeg" in names
    assert not {"nginx", "curl", "openssl"} & set(names)
