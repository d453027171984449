"""Words the NOTICE of an image: what it is under as a whole, and every part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inventory.parts import Part


_ENCUMBERING: Final = ("libx264-", "libx265-")
_HEAD: Final = """\
NOTICE

This file system holds the kiosk and the parts listed below, each under its own terms.
A Debian package's terms stand in /usr/share/doc/PACKAGE/copyright of this very system,
the texts of common licences in /usr/share/common-licenses.
"""
_GPL: Final = """\
THE IMAGE AS A WHOLE IS UNDER THE GNU GENERAL PUBLIC LICENSE, version 2 or later,
because FFmpeg in it is built with {parts}. The kiosk's own
source is under the Expat licence; that does not change with this. Whoever hands the
image on, on a card or as a download, has to offer the source of these parts as well:
the packages and versions below are Debian's and Raspberry Pi's, `apt-get source
PACKAGE=VERSION` fetches them, snapshot archives keep them. H.264 is covered by patents
in some countries; a licence for the code is none for those.
"""
_PLAIN: Final = """\
No part of it puts the image as a whole under the GNU General Public License.
"""


def notice(parts: Sequence[Part]) -> str:
    """Return the text."""
    encumbering = [part for part in parts if part.name.startswith(_ENCUMBERING)]
    named = " and ".join(f"{part.name} {part.version}" for part in encumbering)
    verdict = _GPL.format(parts=named) if encumbering else _PLAIN
    return "\n".join([_HEAD, verdict, *_lines(parts), ""])


def _lines(parts: Sequence[Part]) -> Iterator[str]:
    width = max((len(part.name) for part in parts), default=0)
    for part in parts:
        told = ", ".join(part.licences) or (
            f"see {part.copyright}" if part.copyright else "terms not in the image"
        )
        yield f"{part.name:{width}}  {part.version}  {told}"
