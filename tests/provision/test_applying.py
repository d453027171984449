"""A bundle is applied whole, or nothing of it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kiosk.config.load import load_kiosk
from kiosk.errors import BundleRefused
from kiosk.provision.outcome import Origin, Verdict
from tests.provision.device import (
    DEVICE,
    FILES,
    LAN,
    OTHER_SITE,
    SECRETS,
    SERIAL,
    SITE,
    Device,
    mode_of,
)


CONNECTION = "etc/NetworkManager/system-connections/kiosk-lan.nmconnection"
SECRET = "etc/credstore/kiosk.room.enrolment_key"


def test_a_bundle_becomes_the_configuration_of_the_kiosk(device: Device) -> None:
    device.lay_out()

    outcome = device.apply()

    assert outcome.verdict is Verdict.APPLIED
    config = load_kiosk(root=device.root).config
    assert config.room.server == "https://rooms.example.org"
    assert config.kiosk.name == "Window 1"


def test_a_file_that_anybody_may_read_says_who_wrote_it(device: Device) -> None:
    device.lay_out(id="spring")
    device.apply()

    written = device.file("etc/kiosk/conf.d/60-site.toml").decode()

    assert written.startswith(SITE.decode())
    assert "From a bundle" in written
    assert mode_of(device.root / "etc/kiosk/conf.d/60-site.toml") == 0o644


def test_secrets_become_credentials_and_leave_the_stick(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})

    device.apply(Origin.STICK)

    assert device.file(SECRET) == b"sesamesesamesesame\n"
    assert mode_of(device.root / SECRET) == 0o600
    assert mode_of(device.root / "etc/credstore") == 0o700
    assert not (device.stick / "secrets.toml").exists()
    assert "deleted from the medium" in device.result
    assert "sesame" not in device.result


def test_secrets_in_a_directory_of_somebody_s_stay_there(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})

    device.apply(Origin.HAND)

    assert (device.stick / "secrets.toml").exists()


def test_a_stick_whose_secrets_were_taken_changes_nothing_the_next_time(
    device: Device,
) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})
    device.apply()

    again = device.apply()

    assert again.verdict is Verdict.UNCHANGED
    assert device.file(SECRET) == b"sesamesesamesesame\n"


def test_a_secret_stays_until_another_takes_its_place(device: Device) -> None:
    device.lay_out({**FILES, "secrets.toml": SECRETS})
    device.apply()
    device.lay_out({**FILES, "site.toml": OTHER_SITE})

    assert device.apply().verdict is Verdict.APPLIED

    assert device.file(SECRET) == b"sesamesesamesesame\n"


def test_a_connection_is_root_s_alone_and_goes_with_a_later_bundle(
    device: Device,
) -> None:
    device.lay_out({**FILES, "network/lan.nmconnection": LAN})
    outcome = device.apply()
    assert mode_of(device.root / CONNECTION) == 0o600
    assert outcome.addresses == ("branch-lan: 10.1.2.30/24",)

    device.lay_out()
    device.apply()

    assert not (device.root / CONNECTION).exists()


def test_a_connection_of_somebody_else_is_left_alone(device: Device) -> None:
    theirs = device.root / "etc/NetworkManager/system-connections/office.nmconnection"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    device.lay_out({**FILES, "network/lan.nmconnection": LAN})

    device.apply()
    device.lay_out()
    device.apply()

    assert theirs.read_text() == "theirs"


def test_a_file_that_a_person_put_there_is_not_overwritten(device: Device) -> None:
    theirs = device.root / "etc/kiosk/conf.d/60-site.toml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("# mine\n")
    device.lay_out()

    outcome = device.apply()

    assert outcome.verdict is Verdict.REFUSED
    assert "move it away" in outcome.lines[0]
    assert theirs.read_text() == "# mine\n"


def test_where_a_file_cannot_be_put_all_stay_as_they_were(device: Device) -> None:
    device.lay_out()
    device.apply()
    before = device.outside()
    (device.root / "etc/NetworkManager").write_text("no directory")
    device.lay_out({"site.toml": OTHER_SITE, "network/lan.nmconnection": LAN})

    outcome = device.apply()

    (device.root / "etc/NetworkManager").unlink()
    assert outcome.verdict is Verdict.REFUSED
    assert "NetworkManager" in outcome.lines[0]
    assert device.outside() == before
    assert device.apply().verdict is Verdict.APPLIED


def test_the_same_bundle_twice_changes_nothing(device: Device) -> None:
    device.lay_out(id="spring")
    device.apply()
    before = device.result

    again = device.apply()

    assert again.verdict is Verdict.UNCHANGED
    assert not again.changed
    assert device.result == before


def test_a_bundle_edited_under_its_old_manifest_is_refused(device: Device) -> None:
    device.lay_out(id="spring")
    device.apply()
    (device.stick / "site.toml").write_bytes(OTHER_SITE)

    outcome = device.apply()

    assert outcome.verdict is Verdict.REFUSED
    assert "not the file that was signed" in outcome.lines[0]


def test_an_older_bundle_does_not_take_the_place_of_a_newer_one(
    device: Device,
) -> None:
    device.lay_out(id="spring")
    device.apply()
    old = datetime(2026, 1, 1, tzinfo=UTC)
    device.lay_out(id="winter", created=old)

    refused = device.apply()
    device.lay_out(id="winter", created=old, allow_older=True)
    allowed = device.apply()

    assert refused.verdict is Verdict.SUPERSEDED
    assert allowed.verdict is Verdict.APPLIED


def test_two_media_do_not_take_turns(device: Device) -> None:
    device.lay_out({**FILES, "site.toml": OTHER_SITE})
    device.apply()
    device.lay_out()
    device.apply()
    device.lay_out({**FILES, "site.toml": OTHER_SITE})

    outcome = device.apply()

    assert outcome.verdict is Verdict.SUPERSEDED
    assert device.apply(again=True).verdict is Verdict.APPLIED


def test_rollback_returns_to_what_was_before_and_stays_there(device: Device) -> None:
    device.lay_out()
    device.apply()
    device.lay_out({**FILES, "site.toml": OTHER_SITE})
    device.apply()

    device.provisioning.take_back()

    config = load_kiosk(root=device.root).config
    assert config.room.server == "https://rooms.example.org"
    assert device.apply().verdict is Verdict.SUPERSEDED


def test_there_is_no_way_back_from_the_first_bundle(device: Device) -> None:
    device.lay_out()
    device.apply()

    with pytest.raises(BundleRefused, match="nothing was in force before"):
        device.provisioning.take_back()


def test_a_bundle_without_devices_is_for_whichever_kiosk(device: Device) -> None:
    device.lay_out({"site.toml": SITE})

    assert device.apply().verdict is Verdict.APPLIED


def test_a_bundle_for_others_names_this_device(device: Device) -> None:
    device.lay_out({"site.toml": SITE, "devices/10000000c0ffee01.toml": DEVICE})

    outcome = device.apply()

    assert outcome.verdict is Verdict.REFUSED
    assert SERIAL in outcome.lines[0]
    assert "did you mean it by devices/10000000c0ffee01.toml?" in outcome.lines[0]


def test_the_result_tells_a_technician_all(device: Device) -> None:
    device.lay_out({**FILES, "network/lan.nmconnection": LAN}, id="spring")

    device.apply()

    told = device.result
    assert told.count("\n") == told.count("\r\n")
    assert told.startswith("KIOSK: APPLIED\r\n")
    for part in (SERIAL, "board's serial", "spring", "rooms.example.org", "10.1.2.30"):
        assert part in told
