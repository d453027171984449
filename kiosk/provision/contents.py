"""
What may be in a bundle, by name.

A name that is none of these is a mistake: a file that nobody reads is a setting that
somebody believes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from kiosk.config.documents import printable
from kiosk.provision.places import RESULT
from kiosk.signed import MANIFEST, SIGNATURE


SITE: Final = "site.toml"
SECRETS: Final = "secrets.toml"
FOLDERS: Final = ("ca", "devices", "network")

_PLAIN = (SITE, SECRETS, MANIFEST, SIGNATURE, RESULT)
_NAME = r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}"
_KEYFILE = re.compile(rf"network/{_NAME}\.nmconnection")
_CERTIFICATE = re.compile(rf"network/{_NAME}\.(pem|crt|cer|key|p12|pfx)")
_AUTHORITY = re.compile(rf"ca/{_NAME}\.pem")
_DEVICE = re.compile(r"devices/([A-Za-z0-9_-]{1,64})\.toml")
_LITTER = re.compile(
    r"\._.*|\.DS_Store|Thumbs\.db|desktop\.ini|\.fseventsd|\.Spotlight-V100|\.Trashes|"
    r"System Volume Information|\.RESULT\.txt\.new"
)
"""What computers leave on sticks, and what we do where one is pulled out as we write."""


def is_keyfile(name: str) -> bool:
    """Return whether a file describes a network connection."""
    return _KEYFILE.fullmatch(name) is not None


def is_certificate(name: str) -> bool:
    """Return whether a file is a certificate or key that a connection names."""
    return _CERTIFICATE.fullmatch(name) is not None


def is_authority(name: str) -> bool:
    """Return whether a file is a certificate of somebody the kiosk trusts."""
    return _AUTHORITY.fullmatch(name) is not None


def device_of(name: str) -> str | None:
    """Return whose file it is, where it is that of one device."""
    match = _DEVICE.fullmatch(name)
    return match[1] if match else None


def is_known(name: str) -> bool:
    """Return whether a file may be in a bundle."""
    of_folder = is_keyfile(name) or is_certificate(name) or is_authority(name)
    return name in _PLAIN or of_folder or device_of(name) is not None


def is_litter(name: str) -> bool:
    """Return whether desktops leave a file of this name behind; nobody reads it."""
    return _LITTER.fullmatch(name.rpartition("/")[2]) is not None


def why_unknown(name: str, names: Iterable[str] = ()) -> str:
    """Return what is wrong with a name that may not be in a bundle, and what to do."""
    shown = printable(name)
    bare = name.removesuffix(".txt")
    if bare != name and is_known(bare):
        return (
            f"{shown}: nobody reads this; name it {bare} (Windows hides endings: in the "
            'Explorer, View, switch on "File name extensions")'
        )
    near = get_close_matches(name.lower(), (*_PLAIN, *names), n=1)
    if near:
        return f"{shown}: nobody reads this; did you mean {near[0]}? Rename it"
    return (
        f"{shown}: nobody reads this; remove it. There may be: site.toml, secrets.toml, "
        "devices/SERIAL.toml, network/NAME.nmconnection with the .pem, .key or .p12 "
        "files it names, ca/NAME.pem, manifest.toml and manifest.toml.sig"
    )
