"""``python -m inventory ROOT``: writes NOTICE and sbom.spdx.json into a root."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from inventory.notice import notice
from inventory.parts import parts
from inventory.spdx import bill


PLACE: Final = Path("usr/share/doc/kiosk-image")
_USAGE: Final = 64


def main() -> int:
    """Write both files and return the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.stderr.write(f"{__doc__}\n")
        return _USAGE
    root = Path(sys.argv[1])
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    made = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    found = parts(root)
    folder = root / PLACE
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "NOTICE").write_text(notice(found), encoding="utf-8")
    text = json.dumps(bill(found, made), indent=1, ensure_ascii=False)
    (folder / "sbom.spdx.json").write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
