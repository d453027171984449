"""
A file over HTTPS, once: for what a kiosk is set up or updated with.

Believes nothing of the other side: total deadline, counted reads, no compression, no
way back to plain HTTP.  What it brings proves nothing until :mod:`kiosk.signed` said
who signed it.
"""

from __future__ import annotations

from kiosk.download.file import Download, Fetched, Limits


__all__ = ["Download", "Fetched", "Limits"]
