"""Whose bundles are taken: anybody's by a blank kiosk, afterwards not from a stick."""

from __future__ import annotations

from functools import partial

from kiosk.provision.outcome import Origin, Verdict
from tests.provision.device import FILES, OTHER_SITE, SITE, Device
from tests.signed.signer import Signer


OTHER = {**FILES, "site.toml": OTHER_SITE}


def test_a_blank_kiosk_takes_the_first_stick(device: Device) -> None:
    device.lay_out()

    assert device.apply(Origin.STICK).verdict is Verdict.APPLIED


def test_a_kiosk_that_is_set_up_takes_no_unsigned_stick(device: Device) -> None:
    device.lay_out()
    device.apply(Origin.BOOT)
    device.lay_out(OTHER)

    outcome = device.apply(Origin.STICK)

    assert outcome.verdict is Verdict.REFUSED
    assert "a stick could be anybody's" in outcome.lines[0]
    assert device.apply(Origin.BOOT).verdict is Verdict.APPLIED


def test_a_kiosk_set_up_by_hand_takes_no_unsigned_stick_either(device: Device) -> None:
    main = device.root / "etc/kiosk/kiosk.toml"
    main.parent.mkdir(parents=True)
    main.write_bytes(SITE)
    device.lay_out()

    assert device.apply(Origin.STICK).verdict is Verdict.REFUSED


def test_the_configuration_may_allow_unsigned_sticks(device: Device) -> None:
    allowed = b"[provision]\nunsigned_sticks = true\n"
    device.lay_out({**FILES, "site.toml": SITE + allowed})
    device.apply(Origin.BOOT)
    device.lay_out(OTHER)

    assert device.apply(Origin.STICK).verdict is Verdict.APPLIED


def test_a_stick_cannot_allow_itself(device: Device) -> None:
    device.lay_out()
    device.apply(Origin.BOOT)
    allowed = b"[provision]\nunsigned_sticks = true\n"
    device.lay_out({**FILES, "site.toml": OTHER_SITE + allowed})

    assert device.apply(Origin.STICK).verdict is Verdict.REFUSED


def test_a_kiosk_with_a_key_takes_what_it_signed_from_anywhere(device: Device) -> None:
    signer = Signer(1)
    device.trust(signer)
    device.lay_out(id="spring")
    device.sign(signer)

    assert device.apply(Origin.STICK).verdict is Verdict.APPLIED


def test_a_kiosk_with_a_key_takes_nothing_unsigned(device: Device) -> None:
    device.trust(Signer(1))
    for lay_out in (device.lay_out, partial(device.lay_out, id="spring")):
        lay_out()

        outcome = device.apply(Origin.BOOT)

        assert outcome.verdict is Verdict.REFUSED
        assert "manifest.toml.sig is missing" in outcome.lines[0]
        assert "signer.pem" in outcome.lines[0]


def test_a_kiosk_with_a_key_takes_nothing_of_somebody_else(device: Device) -> None:
    device.trust(Signer(1))
    device.lay_out(id="spring")
    device.sign(Signer(2))

    outcome = device.apply(Origin.BOOT)

    assert outcome.verdict is Verdict.REFUSED
    assert not device.outside().keys() - {"kiosk/keys/signer.pem"}


def test_a_file_changed_after_signing_is_refused(device: Device) -> None:
    signer = Signer(1)
    device.trust(signer)
    device.lay_out(id="spring")
    device.sign(signer)
    (device.stick / "site.toml").write_bytes(OTHER_SITE)

    assert "not the file that was signed" in device.apply(Origin.BOOT).lines[0]


def test_a_signature_that_nobody_can_judge_is_remarked(device: Device) -> None:
    device.lay_out(id="spring")
    device.sign(Signer(1))

    outcome = device.apply(Origin.BOOT)

    assert outcome.verdict is Verdict.APPLIED
    assert "no key to judge the signature" in outcome.remarks[0]


def test_the_manifest_of_an_update_is_no_bundle_s(device: Device) -> None:
    device.lay_out(id="spring", kind="update")

    outcome = device.apply(Origin.BOOT)

    assert outcome.verdict is Verdict.REFUSED
    assert "kiosk update apply" in outcome.lines[0]
