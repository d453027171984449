"""
Files that count only as somebody signed them: provisioning bundles and updates.

``manifest`` says what there is, ``signature`` who vouches for it, ``keys`` whom this
machine believes, ``folder`` whether the files are those.  No network, no log.
"""

from __future__ import annotations

from kiosk.signed.folder import check_file, check_folder
from kiosk.signed.keys import TrustedKey, TrustedKeys, read_keys
from kiosk.signed.manifest import Kind, Manifest, SignedFile, read_manifest
from kiosk.signed.signature import verify


MANIFEST = "manifest.toml"
SIGNATURE = "manifest.toml.sig"

__all__ = [
    "MANIFEST",
    "SIGNATURE",
    "Kind",
    "Manifest",
    "SignedFile",
    "TrustedKey",
    "TrustedKeys",
    "check_file",
    "check_folder",
    "read_keys",
    "read_manifest",
    "verify",
]
