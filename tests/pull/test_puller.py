"""A kiosk looks at its provisioning server: what it takes, and what it leaves."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from kiosk.disk import Disk
from kiosk.download import Download, Fetched, Limits
from kiosk.errors import DownloadFailed, NotAsSigned
from kiosk.pull.puller import Applied, Looked, Pulled, Puller
from kiosk.pull.record import NAME, read_record
from tests.fakes.web_server import WebServer, cut_off, refusing, serving, whole
from tests.pull.bundles import BANK, bundle
from tests.signed.signer import CREATED, FILES, Signer, trusting


SERIAL = "10000000abcdef01"
URL = "https://fleet.example.org/{serial}.tar"


class Hasty(Disk):
    """Two thousand devices share this machine's medium: nobody waits for it."""

    @override
    def sync(self, path: Path) -> None:
        return


class Kiosk:
    """A device with a server that has one archive, and provisioning that notes."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.serial = SERIAL
        self.disk = Disk()
        self.content = bundle()
        self.etag = '"1"'
        self.outcome = Applied(True, "APPLIED")
        self.keys = trusting(BANK)
        self.applied: list[Mapping[str, bytes]] = []
        self.asked: list[tuple[str, str]] = []

    def serve(self, content: bytes, etag: str) -> None:
        self.content, self.etag = content, etag

    def pull(self, url: str = URL) -> Pulled:
        puller = Puller(
            self.state,
            self.serial,
            self.keys,
            fetch=self._fetch,
            apply=self._apply,
            disk=self.disk,
        )
        return puller.pull(url)

    def _fetch(self, url: str, path: Path, known: str) -> Fetched | None:
        self.asked.append((url, known))
        if known == self.etag:
            return None
        path.write_bytes(self.content)
        return Fetched(self.etag, len(self.content))

    def _apply(self, folder: Path) -> Applied:
        self.applied.append(
            {
                str(path.relative_to(folder)): path.read_bytes()
                for path in folder.rglob("*")
                if path.is_file()
            }
        )
        return self.outcome


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path / "state")


def test_a_new_bundle_is_handed_to_provisioning_with_its_signature(
    kiosk: Kiosk,
) -> None:
    pulled = kiosk.pull()

    assert pulled == Pulled(Looked.DONE, "spring", "APPLIED")
    assert kiosk.asked == [(f"https://fleet.example.org/{SERIAL}.tar", "")]
    assert set(kiosk.applied[0]) == {*FILES, "manifest.toml", "manifest.toml.sig"}


def test_what_was_dealt_with_is_not_sent_again(kiosk: Kiosk) -> None:
    kiosk.pull()

    assert kiosk.pull().looked is Looked.UNCHANGED
    assert kiosk.asked[1][1] == '"1"'
    assert len(kiosk.applied) == 1


def test_another_address_is_another_server(kiosk: Kiosk) -> None:
    kiosk.pull()
    kiosk.pull("https://other.example.org/bundle.tar")

    assert kiosk.asked[1] == ("https://other.example.org/bundle.tar", "")


def test_what_was_not_applied_is_brought_again(kiosk: Kiosk) -> None:
    kiosk.outcome = Applied(False, "disk full")

    assert kiosk.pull().looked is Looked.LEFT
    assert kiosk.pull().looked is Looked.LEFT
    assert len(kiosk.applied) == 2


def test_nothing_is_left_behind_but_the_record(kiosk: Kiosk) -> None:
    kiosk.pull()

    assert [path.name for path in kiosk.state.iterdir()] == [NAME]
    assert kiosk.state.stat().st_mode & 0o077 == 0


def test_a_strangers_bundle_changes_nothing_and_is_asked_for_again(
    kiosk: Kiosk,
) -> None:
    kiosk.serve(bundle(signer=Signer(9)), '"9"')
    for _ in range(2):
        with pytest.raises(NotAsSigned, match="trusts only"):
            kiosk.pull()
    assert not kiosk.applied

    kiosk.keys = trusting(BANK, Signer(9))
    assert kiosk.pull().looked is Looked.DONE


def test_a_bundle_somebody_altered_changes_nothing(kiosk: Kiosk) -> None:
    kiosk.serve(kiosk.content.replace(b"rooms.example", b"thief.example"), '"2"')

    with pytest.raises(NotAsSigned, match="is not the file that was signed"):
        kiosk.pull()
    assert not kiosk.applied


def test_an_update_is_no_bundle(kiosk: Kiosk) -> None:
    kiosk.serve(bundle(kind="update"), '"2"')

    with pytest.raises(NotAsSigned, match="put that into"):
        kiosk.pull()


def test_a_device_outside_of_the_ring_waits_and_comes_in_when_it_grows(
    kiosk: Kiosk,
) -> None:
    later = CREATED + timedelta(hours=1)
    kiosk.serve(bundle(ring=10), '"ring 10"')
    pulled = kiosk.pull()
    kiosk.serve(bundle(ring=100, created=later), '"ring 100"')

    assert pulled.looked is Looked.NOT_YET
    assert "at 10 % of the devices" in pulled.text
    assert kiosk.pull().looked is Looked.DONE


def test_a_halted_roll_out_stays_halted_whoever_serves_the_old_manifest(
    kiosk: Kiosk,
) -> None:
    kiosk.serve(bundle(ring=0, created=CREATED + timedelta(hours=1)), '"halted"')
    assert kiosk.pull().text == "its roll-out is halted"
    kiosk.serve(bundle(ring=100), '"replayed"')

    with pytest.raises(NotAsSigned, match="was seen already"):
        kiosk.pull()
    assert not kiosk.applied


def test_the_way_back_is_open_when_it_is_signed(kiosk: Kiosk) -> None:
    kiosk.pull()
    before = CREATED - timedelta(days=1)
    kiosk.serve(bundle(id="winter", created=before, allow_older=True), '"0"')

    assert kiosk.pull() == Pulled(Looked.DONE, "winter", "APPLIED")
    assert read_record(kiosk.state).newest == CREATED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[",
        '{"format": 2}',
        '{"format": 1, "newest": "2026-01-01"}',
        "[" * 9999,
    ],
    ids=["empty", "no format", "half", "newer", "no zone", "deep"],
)
def test_a_record_that_makes_no_sense_is_begun_anew(kiosk: Kiosk, text: str) -> None:
    kiosk.state.mkdir(mode=0o700)
    (kiosk.state / NAME).write_text(text)

    assert kiosk.pull().looked is Looked.DONE
    assert json.loads((kiosk.state / NAME).read_text())["bundle"] == "spring"


def test_two_looks_at_once_are_one(kiosk: Kiosk) -> None:
    kiosk.state.mkdir(mode=0o700)
    folder = os.open(kiosk.state, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            kiosk.pull()
    finally:
        os.close(folder)


def over_tls(kiosk: Kiosk, server: WebServer) -> Puller:
    async def no_pause(seconds: float) -> None:
        return

    def fetch(url: str, path: Path, known: str) -> Fetched | None:
        limits = Limits(1 << 20, 10.0, 2.0)
        return Download(url, path, limits, server.tls(), sleep=no_pause).fetch(known)

    return Puller(kiosk.state, SERIAL, kiosk.keys, fetch=fetch, apply=kiosk._apply)


def test_over_a_bad_line_it_comes_whole_and_then_not_again(
    tmp_path: Path, kiosk: Kiosk
) -> None:
    content = kiosk.content
    bad = [refusing("500 Oops"), cut_off(content, 700), refusing("503 Later")]
    with serving(tmp_path, *bad, whole(content)) as server:
        puller = over_tls(kiosk, server)
        looks = [puller.pull(server.url).looked for _ in range(3)]

    assert looks == [Looked.DONE, Looked.UNCHANGED, Looked.UNCHANGED]
    assert len(kiosk.applied) == 1
    assert len(server.asked) == 6


def test_a_server_that_is_away_changes_nothing(tmp_path: Path, kiosk: Kiosk) -> None:
    with (
        serving(tmp_path, refusing("500 Oops")) as server,
        pytest.raises(DownloadFailed),
    ):
        over_tls(kiosk, server).pull(server.url)

    assert not kiosk.applied
    assert [path.name for path in kiosk.state.iterdir()] == []


@pytest.fixture
def in_memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.mark.timeout(240)  # four thousand looks, on a machine that may be busy
def test_a_fleet_of_two_thousand_goes_in_rings(in_memory: Path) -> None:
    fleet = [Kiosk(in_memory / str(number)) for number in range(2000)]
    for number, kiosk in enumerate(fleet):
        kiosk.disk = Hasty()
        kiosk.serial = f"10000000{number:08x}"
    reached: list[int] = []
    for hour, (ring, who) in enumerate(((10, fleet), (0, fleet), (100, fleet[:50]))):
        content = bundle(ring=ring, created=CREATED + timedelta(hours=hour))
        for kiosk in who:
            kiosk.serve(content, f'"{ring}"')
            kiosk.pull()
        reached.append(sum(bool(kiosk.applied) for kiosk in fleet))

    assert 150 <= reached[0] <= 250
    assert reached[1] == reached[0]
    assert all(kiosk.applied for kiosk in fleet[:50])


def test_what_a_killed_look_had_unpacked_does_not_stay(kiosk: Kiosk) -> None:
    left = kiosk.state / "unpacked" / "kiosk"
    left.mkdir(parents=True)
    (left / "wifi.nmconnection").write_text("psk=secret")

    kiosk.pull()

    assert FILES.items() <= kiosk.applied[0].items()
    assert "wifi.nmconnection" not in kiosk.applied[0]
    assert not left.parent.exists()


def test_nor_where_nothing_new_is_there(kiosk: Kiosk) -> None:
    kiosk.pull()
    (kiosk.state / "unpacked").mkdir()

    kiosk.pull()

    assert not (kiosk.state / "unpacked").exists()
