"""The support bundle: what it holds, what it never holds, and that it always comes."""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kiosk.app.doctor.examination import Surroundings
from kiosk.app.support.bundle import MANIFEST, newest_of, write_bundle
from kiosk.app.support.parts import Part, parts_of
from kiosk.app.support.scrubbing import Scrubber, known_secrets


NOW_S = 1_795_873_858.0
PLAIN = "canary-by-value"
"""Secrets that nothing marks as such: only the store knows them."""
MARKED = "CANARYBYFORM"
URL = f"rtmp://relay.example/live/{MARKED}?txSecret={MARKED}&txTime=6B0A261F"
SECRETS = f"token={MARKED} userSig: {MARKED} {URL} {PLAIN}-enrolment {PLAIN}-psk"
JOURNAL = """
import json, sys
for text in {texts!r}:
    print(json.dumps({{"__REALTIME_TIMESTAMP": "1795873858000000", "MESSAGE": text,
                      "KIOSK_EVENT": "call-ended", "KIOSK_REASON": text,
                      "SYSLOG_IDENTIFIER": "kiosk", "PRIORITY": "4"}}))
"""


def board(root: Path) -> Path:
    """Return a machine with a secret in every place that is looked into."""
    files = {
        "etc/credstore/kiosk.room.enrolment_key": f"{PLAIN}-enrolment\n",
        "etc/NetworkManager/system-connections/branch.nmconnection": (
            f"[wifi-security]\npsk={PLAIN}-psk\n"
        ),
        "var/lib/kiosk-ladder/count.json": json.dumps({"reason": SECRETS}),
        "run/kiosk-provision/status.json": json.dumps({"error": SECRETS}),
        "boot/firmware/kiosk/RESULT.txt": SECRETS,
        "proc/device-tree/model": f"Raspberry Pi {SECRETS}",
        "etc/os-release": SECRETS,
        "etc/resolv.conf": SECRETS,
    }
    calls = "".join(f"calls/call-{n:08}.json " for n in (1, 2)).split()
    files |= {name: json.dumps({"call": 1, "reason": SECRETS}) for name in calls}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def configuration(root: Path) -> Path:
    file = root / "kiosk.toml"
    file.write_text(
        f'[room]\nserver = "http://127.0.0.1:9"\nenrolment_key = "{PLAIN}-enrolment"\n'
        f'[control]\nsocket = "{root}/nobody"\n[calls]\ndirectory = "{root}/calls"\n'
    )
    return file


def run(argv: Sequence[str]) -> str:
    return f"{argv[0]} says voltage {SECRETS}\n"


def made(tmp_path: Path) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Return the files of a bundle of a dead kiosk, its manifest, and what is missing."""
    root = board(tmp_path)
    journal = [sys.executable, "-c", JOURNAL.format(texts=[SECRETS])]
    around = Surroundings(root, run)
    out = tmp_path / "bundle.tar.gz"
    scrubber = Scrubber(known_secrets(root))
    parts = parts_of(configuration(root), around, 3, journal)
    missing = write_bundle(out, parts, scrubber, "serial-1", NOW_S)
    with tarfile.open(out) as archive:
        files = {
            entry.name.partition("/")[2]: (archive.extractfile(entry) or sys.stdin)
            .read()
            .decode()  # type: ignore[union-attr]
            for entry in archive
        }
    assert out.stat().st_mode & 0o777 == 0o600
    return files, json.loads(files[MANIFEST]), missing


def test_no_secret_of_any_source_is_in_the_archive(tmp_path: Path) -> None:
    files, _, missing = made(tmp_path)

    for name, text in files.items():
        assert PLAIN not in text, name
        assert MARKED not in text, name
    assert not [line for line in missing if PLAIN in line or MARKED in line]
    looked_into = {"states.txt", "calls.json", "journal.jsonl", "kernel.txt"}
    assert looked_into <= set(files)


def test_a_dead_kiosk_is_no_reason_for_no_bundle(tmp_path: Path) -> None:
    files, manifest, missing = made(tmp_path)

    why = dict(line.split(": ", maxsplit=1) for line in missing)
    assert why["status.json"].startswith("no kiosk is running")
    assert {entry["name"] for entry in manifest["parts"]} == {
        *files.keys() - {MANIFEST},
        *why,
    }
    assert "FAILURE" in files["doctor.txt"]
    assert "no kiosk is running" in files["doctor.txt"]


def test_the_manifest_tells_of_each_file_what_it_is_and_its_digest(
    tmp_path: Path,
) -> None:
    files, manifest, _ = made(tmp_path)

    assert manifest["schema_version"] == 1
    assert manifest["serial"] == "serial-1"
    for entry in manifest["parts"]:
        assert entry["what"]
        if "missing" not in entry:
            content = files[entry["name"]].encode()
            assert entry["bytes"] == len(content)
            assert entry["sha256"] == hashlib.sha256(content).hexdigest()


def test_what_goes_wrong_in_a_part_costs_no_other_and_is_told_without_secrets(
    tmp_path: Path,
) -> None:
    def fail() -> str:
        raise RuntimeError(f"cannot: {SECRETS}")

    parts = [Part("a", "fails", fail), Part("b", "comes", lambda: "here")]
    out = tmp_path / "b.tar.gz"
    (missing,) = write_bundle(out, parts, Scrubber([f"{PLAIN}-psk"]), "s", NOW_S)

    assert missing.startswith("a: cannot")
    assert MARKED not in missing
    assert f"{PLAIN}-psk" not in missing
    with tarfile.open(out) as archive:
        assert [name.rpartition("/")[2] for name in archive.getnames()] == [
            "b",
            MANIFEST,
        ]


def test_of_a_part_without_end_the_newest_whole_lines_are_kept() -> None:
    text = "first\n" + "an old line\n" * 9 + "token=secret newest\n"

    assert newest_of(text, most=24) == "token=secret newest\n"
    assert newest_of(text) == text


@pytest.mark.parametrize("secret", ["abc", "", "\n"])
def test_a_secret_that_is_hardly_one_takes_no_words_apart(secret: str) -> None:
    assert Scrubber([secret]).clean("abcde") == "abcde"
