"""The kiosk's ``[provision]`` section: who may set it up anew."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from kiosk.config.section import Section
from kiosk.config.values import split_server_url


_SERIAL = "{serial}"


def _bundle_url(text: str) -> str:
    plain = text.replace(_SERIAL, "0")
    if "{" in plain or "}" in plain:
        raise ValueError(f"may hold {_SERIAL} and nothing else in braces")
    if split_server_url(plain).scheme != "https":
        raise ValueError("must begin with https://")
    return text


BundleUrl = Annotated[str, Field(max_length=1024), AfterValidator(_bundle_url)]


class ProvisionSection(Section):
    """
    Where bundles come from, and whose are taken.

    Attributes:
        unsigned_sticks: Whether a kiosk that is set up takes a bundle without a
            signature from a USB stick; never once it has a key.
        url: Of a signed bundle, a tar made by ``kiosk fleet sign``, that is looked for
            now and then; ``{serial}`` stands for this device's serial number. Only
            what a key in ``/etc/kiosk/keys`` signed is taken.

    """

    unsigned_sticks: bool = False
    url: BundleUrl | None = None
