"""
A bundle's copy, once it is known to be whole and by whom it is.

When a signature is demanded:

1. As soon as this machine has a key (``/usr/lib/kiosk/keys``, ``/etc/kiosk/keys``):
   who installs one says that nobody else sets this fleet up.
2. From a stick, once the kiosk is set up, unless ``[provision] unsigned_sticks``
   allows it: a port that customers can reach must not make our kiosk call theirs.

A blank kiosk takes the first bundle it gets, as any device does that is taken out of
its box; and whoever can write to the boot partition, or is root, needs no bundle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from kiosk.errors import BundleRefused, NotAsSigned
from kiosk.provision.contents import SECRETS, device_of
from kiosk.provision.intake import Intake
from kiosk.signed import (
    MANIFEST,
    SIGNATURE,
    Manifest,
    TrustedKeys,
    check_file,
    read_manifest,
    verify,
)


NO_SIGNATURE: Final = "the bundle is not signed ({} is missing), and {}"
_SIGN_IT: Final = "sign it where it is made, with `kiosk fleet sign`, and copy it again"


@dataclass(frozen=True, slots=True)
class Bundle:
    """
    A bundle that is whole.

    Attributes:
        id: Its name: the manifest's, or made from its content.
        created: When it was made; None where nobody said.
        intake: Its copy.
        allow_older: Whether it may take the place of a newer one.
        remarks: What should be known about it.

    """

    id: str
    created: datetime | None
    intake: Intake
    allow_older: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the copy is."""
        return self.intake.folder

    def is_the_same_as(self, name: str) -> bool:
        """Return whether a set of that name was made from this bundle."""
        # The secrets of one without a manifest may have been taken from the stick.
        return name in {self.id, f"{self.id}{_secrets_mark(name)}"}


def open_bundle(
    intake: Intake, keys: TrustedKeys, *, demands: str, known: frozenset[str]
) -> Bundle:
    """
    Judge whether a bundle is whole, and by somebody who may.

    Args:
        intake: The copy.
        keys: Whom this machine trusts.
        demands: Why it must be signed; empty: it need not be.
        known: Bundles applied before: their secrets may be gone from the stick.

    Raises:
        BundleRefused: It is not.

    """
    if MANIFEST not in intake.names:
        bare = _id_of(intake, with_secrets=False)
        if any(name == bare or name.startswith(f"{bare}-s") for name in known):
            intake = _without_blanked(intake)
        if demands:
            cause = NO_SIGNATURE.format(SIGNATURE, demands)
            raise BundleRefused((f"{MANIFEST}: {cause}; {_SIGN_IT}",))
        remark = (
            "The bundle has no manifest.toml, so nothing shows whether it was copied "
            "whole. `kiosk fleet sign` makes one."
        )
        return Bundle(_id_of(intake), None, intake, allow_older=True, remarks=(remark,))
    try:
        manifest, is_signed = _manifest(intake, keys, demands)
    except NotAsSigned as error:
        raise BundleRefused((_line(error),)) from None
    if manifest.id in known:
        intake = _without_blanked(intake)
    mistakes = tuple(_amiss(manifest, intake, known))
    if mistakes:
        raise BundleRefused(mistakes)
    remarks: tuple[str, ...] = ()
    if not is_signed and SIGNATURE in intake.names:
        remarks = (
            "The bundle is signed, but this kiosk has no key to judge the signature.",
        )
    return Bundle(
        manifest.id,
        manifest.created,
        intake,
        allow_older=manifest.allow_older,
        remarks=remarks,
    )


def _manifest(intake: Intake, keys: TrustedKeys, demands: str) -> tuple[Manifest, bool]:
    content = (intake.folder / MANIFEST).read_bytes()
    if SIGNATURE not in intake.names:
        if demands:
            cause = NO_SIGNATURE.format(SIGNATURE, demands)
            raise NotAsSigned(MANIFEST, f": {cause}", _SIGN_IT)
        return _of_kind(read_manifest(content)), False
    if not keys.keys and not demands:
        return _of_kind(read_manifest(content)), False
    signature = (intake.folder / SIGNATURE).read_bytes()
    return _of_kind(verify(content, signature, keys)), True


def _of_kind(manifest: Manifest) -> Manifest:
    if manifest.kind != "provision":
        cause = "is that of an update, not of a provisioning bundle"
        cure = "an update is applied with `kiosk update apply`"
        raise NotAsSigned(MANIFEST, cause, cure)
    return manifest


def _amiss(manifest: Manifest, intake: Intake, known: frozenset[str]) -> Iterator[str]:
    names = set(intake.names) - {MANIFEST, SIGNATURE}
    for name in sorted(names | manifest.by_name.keys()):
        device = device_of(name)
        if device is not None and name not in names:
            if device not in intake.devices:
                yield f"{name}: is missing; copy the bundle onto the stick again"
            continue  # it concerns another device
        if name == SECRETS and name not in names and manifest.id in known:
            continue  # it was taken from the stick when the bundle was applied
        try:
            check_file(manifest, name, intake.folder / name)
        except NotAsSigned as error:
            yield _line(error)


def _line(error: NotAsSigned) -> str:
    return f"{error.file}: {error.cause.removeprefix(': ')}; {error.cure}"


def _without_blanked(intake: Intake) -> Intake:
    """Pass over secrets that were stored, and whose removal a power cut interrupted."""
    path = intake.folder / SECRETS
    if SECRETS in intake.names and path.read_bytes()[:1] == b"\0":
        names = tuple(name for name in intake.names if name != SECRETS)
        return replace(intake, names=names)
    return intake


def _id_of(intake: Intake, *, with_secrets: bool = True) -> str:
    digest, secrets = hashlib.sha256(), ""
    for name in sorted(intake.names):
        content = (intake.folder / name).read_bytes()
        if name == SECRETS and not with_secrets:
            continue
        if name == SECRETS:
            secrets = f"-s{hashlib.sha256(content).hexdigest()[:8]}"
            continue
        digest.update(f"{len(name)} {len(content)} {name}".encode() + content)
    return f"unnamed-{digest.hexdigest()[:16]}{secrets}"


def _secrets_mark(name: str) -> str:
    head, mark, digest = name.rpartition("-s")
    return mark + digest if head.startswith("unnamed-") else ""
