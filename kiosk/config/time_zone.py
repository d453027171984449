"""Names of time zones, as IANA has them; those that this machine's files know."""

from __future__ import annotations

import re
import zoneinfo
from difflib import get_close_matches
from typing import Annotated, Final

from pydantic import AfterValidator

from kiosk.config.values import formed


_EXAMPLE: Final = 'e.g. "Asia/Shanghai"'
_PART: Final = "[A-Z][A-Za-z0-9_+-]{0,31}"
_NAME: Final = re.compile(f"{_PART}(/{_PART}){{0,2}}")
"""Not ``right/...``, which counts leap seconds, nor ``localtime``, which names none."""


def _zone(text: str) -> str:
    try:
        if _NAME.fullmatch(text):
            zoneinfo.ZoneInfo(text)
            return text
    except (KeyError, OSError, ValueError):
        pass  # no such zone, or "Asia", which is a folder
    # Nobody is led to Etc/GMT+8: that is eight hours *behind* Greenwich.
    known = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith("Etc/")
    )
    if not known:
        raise ValueError("cannot be looked up: install the package tzdata")
    wanted = text.replace(" ", "_").casefold()
    near = {name.casefold(): name for name in known}
    near |= {name.rpartition("/")[2].casefold(): name for name in known}
    found = get_close_matches(wanted, near, n=1, cutoff=0.75)
    if found:
        raise ValueError(f'is no time zone of IANA; did you mean "{near[found[0]]}"?')
    raise ValueError(f"is no time zone of IANA, which are named by city; {_EXAMPLE}")


TimeZone = Annotated[str, AfterValidator(_zone), formed(_NAME.pattern)]
