"""How long a test waits for what is to happen, where no promise says how soon."""

from __future__ import annotations

from typing import Final


PATIENCE_S: Final = 20.0
"""A busy machine pauses for parts of a second, at each of many steps."""
