"""
Lists the parts as a software bill of materials: SPDX 2.3 in JSON.

Licences stand in comments, as the parts themselves name them: Debian's short names are
not SPDX's, and a list that guesses is worse than one that says so (NOASSERTION).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from inventory.parts import Part


_SPACE: Final = "https://spdx.org/spdxdocs/kiosk"
_ROOT: Final = "SPDXRef-DOCUMENT"


def bill(parts: Sequence[Part], made: datetime) -> dict[str, Any]:
    """
    Return the document.

    Args:
        parts: What is in it.
        made: When; in UTC.

    """
    digest = hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:16]
    rows = [_row(part) for part in parts]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _ROOT,
        "name": "kiosk",
        "documentNamespace": f"{_SPACE}-{digest}",
        "creationInfo": {
            "created": f"{made:%Y-%m-%dT%H:%M:%SZ}",
            "creators": ["Tool: kiosk-inventory"],
        },
        "packages": rows,
        "relationships": [
            {
                "spdxElementId": _ROOT,
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": row["SPDXID"],
            }
            for row in rows
        ],
    }


def _row(part: Part) -> dict[str, Any]:
    name = re.sub(
        r"[^A-Za-z0-9.-]", "-", f"{part.kind}-{part.name}-{part.architecture}"
    )
    told = ", ".join(part.licences) or "none in a form that a machine reads"
    return {
        "SPDXID": f"SPDXRef-{name.rstrip('-')}",
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "licenseComments": f"named by the part itself: {told}",
        "copyrightText": "NOASSERTION",
        **({"sourceInfo": f"source package: {part.source}"} if part.source else {}),
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": _purl(part),
            }
        ],
    }


def _purl(part: Part) -> str:
    version = quote(part.version, safe="")
    if part.kind == "deb":
        return f"pkg:deb/debian/{part.name}@{version}?arch={part.architecture}"
    return f"pkg:pypi/{part.name.lower().replace('_', '-')}@{version}"
