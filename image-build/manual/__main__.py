"""``python -m manual DIR``: writes pages and completions; the package is built with it."""

from __future__ import annotations

import sys
from pathlib import Path

from kiosk.cli import make_parser
from kiosk.config.json_schema import kiosk_schema
from manual import commands, service, settings
from manual.completions import SHELLS, completion


def main() -> int:
    """Write everything into the directory named; the source tree is where we are."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    catalogue = service.CATALOGUE.read_text("utf-8")
    made = {
        "kiosk.1": commands.page(make_parser()),
        "kiosk.8": service.page(catalogue),
        "kiosk.toml.5": settings.page(kiosk_schema()),
        **{name: completion(make_parser(), shell) for shell, name in SHELLS.items()},
    }
    for name, text in made.items():
        (out / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
