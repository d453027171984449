"""Debian comes from where this machine's apt has it, for another release."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BuildError
from appliance.mirrors import Source, host_release, lines_for, sources


ONE_LINE = """
# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example/s bookworm-security main # ours
deb-src http://mirror.example/debian bookworm main
deb http://other.example/tools stable main
"""
STANZAS = """
Types: deb deb-src
URIs: http://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_the_one_line_form_is_read(apt: Path) -> None:
    (apt / "sources.list").write_text(ONE_LINE)

    assert sources(apt)[:2] == [
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib")),
        Source(
            "http://mirror.example/s",
            "bookworm-security",
            ("main",),
            "/keys/debian.gpg",
        ),
    ]


def test_the_stanza_form_is_read_without_what_is_switched_off(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(STANZAS)

    assert sources(apt) == [
        Source("http://deb.example/debian", suite, ("main",), "/keys/debian.gpg")
        for suite in ("bookworm", "bookworm-updates")
    ]


def test_the_wanted_release_is_asked_of_the_same_archives(apt: Path) -> None:
    (apt / "sources.list").write_text(ONE_LINE)

    assert lines_for("trixie", "bookworm", sources(apt)) == [
        "deb http://mirror.example/debian trixie main",
        "deb [signed-by=/keys/debian.gpg] http://mirror.example/s trixie-security main",
    ]


def test_a_machine_without_debians_archive_is_told_what_to_add() -> None:
    tools = Source("http://other.example/tools", "stable", ("main",))

    with pytest.raises(BuildError, match=r"no suite 'bookworm'.*sources\.list\.d"):
        lines_for("trixie", "bookworm", [tools])


def test_another_distribution_is_refused_in_one_line(tmp_path: Path) -> None:
    told = tmp_path / "os-release"
    told.write_text('ID=other\nVERSION_CODENAME="noble"\n')

    with pytest.raises(BuildError, match="built on Debian"):
        host_release(told)


def test_no_mirror_is_written_into_the_repository() -> None:
    image_build = Path(__file__).parents[2] / "image-build"
    texts = [
        path.read_text(encoding="utf-8")
        for path in image_build.rglob("*")
        if path.is_file() and not {"__pycache__", "pkgs"} & set(path.parts)
    ]

    assert texts
    assert not [text for text in texts if "debian.org" in text]
