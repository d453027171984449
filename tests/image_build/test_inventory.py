"""NOTICE and the list of parts say what is in a root, and under which terms."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inventory.notice import notice
from inventory.parts import Part, parts
from inventory.spdx import bill


IMAGE_BUILD = Path(__file__).parents[2] / "image-build"
STATUS = """\
Package: libx264-164
Status: install ok installed
Architecture: amd64
Source: x264 (2:0.164-1)
Version: 2:0.164.3108-2
Description: video
 coding

Package: libgone1
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: libsame1
Status: install ok installed
Architecture: all
Version: 3.0
"""
TERMS = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+

Files: debian/*
License: GPL-2+ and ISC
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    documents = tmp_path / "usr/share/doc"
    (documents / "libx264-164").mkdir(parents=True)
    (documents / "libx264-164/copyright").write_text(TERMS)
    (documents / "libsame1").symlink_to("libx264-164")
    wheel = tmp_path / "usr/lib/kiosk/wheels/livekit/livekit-1.2.1.dist-info"
    wheel.mkdir(parents=True)
    (wheel / "METADATA").write_text(
        "Name: livekit\nVersion: 1.2.1\nLicense: Apache-2.0\n\nwords\n"
    )
    return tmp_path


def test_packages_and_wheels_are_found_with_what_they_say_of_themselves(
    root: Path,
) -> None:
    terms = "/usr/share/doc/libx264-164/copyright"

    assert parts(root) == [
        Part(
            "libsame1",
            "3.0",
            "deb",
            "all",
            licences=("GPL-2+", "ISC"),
            copyright="/usr/share/doc/libsame1/copyright",
        ),
        Part(
            "libx264-164",
            "2:0.164.3108-2",
            "deb",
            "amd64",
            "x264 (2:0.164-1)",
            ("GPL-2+", "ISC"),
            terms,
        ),
        Part("livekit", "1.2.1", "pypi", licences=("Apache-2.0",)),
    ]


def test_an_image_with_x264_says_that_it_is_under_the_gpl(root: Path) -> None:
    text = notice(parts(root))

    assert "AS A WHOLE IS UNDER THE GNU GENERAL PUBLIC LICENSE" in text
    assert "built with libx264-164 2:0.164.3108-2" in text
    assert "livekit      1.2.1  Apache-2.0" in text


def test_an_image_without_it_says_that_it_is_not() -> None:
    text = notice([Part("libopus0", "1.5", "deb")])

    assert "No part of it" in text
    assert "libopus0  1.5  terms not in the image" in text


def test_the_list_names_every_part_once_and_guesses_no_licence(root: Path) -> None:
    document = bill(parts(root), datetime(2026, 11, 28, 12, tzinfo=UTC))

    rows = document["packages"]
    assert [row["name"] for row in rows] == ["libsame1", "libx264-164", "livekit"]
    assert len({row["SPDXID"] for row in rows}) == len(rows)
    assert {row["licenseDeclared"] for row in rows} == {"NOASSERTION"}
    assert "GPL-2+, ISC" in rows[1]["licenseComments"]
    (reference,) = rows[1]["externalRefs"]
    assert reference["referenceLocator"] == (
        "pkg:deb/debian/libx264-164@2%3A0.164.3108-2?arch=amd64"
    )
    assert document["creationInfo"]["created"] == "2026-11-28T12:00:00Z"


def test_the_program_writes_both_files_into_the_root(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inventory", str(root)],
        env={"PYTHONPATH": str(IMAGE_BUILD), "SOURCE_DATE_EPOCH": "86400"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    place = root / "usr/share/doc/kiosk-image"
    assert (place / "NOTICE").read_text().startswith("NOTICE\n")
    made = json.loads((place / "sbom.spdx.json").read_text())
    assert made["creationInfo"]["created"] == "1970-01-02T00:00:00Z"
