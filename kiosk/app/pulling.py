"""
``kiosk pull``: its parts put together for one look at the provisioning server.

A kiosk whose configuration is wrong still looks, with whatever of it can be used: what
mends it may be waiting there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.app.provisioning import OnMachine
from kiosk.app.trust import client_context
from kiosk.config.load import examine_kiosk
from kiosk.download import Download, Fetched, Limits
from kiosk.journal.set_up import set_up_log
from kiosk.provision.identity import identity_of
from kiosk.provision.outcome import Outcome, Verdict
from kiosk.pull.puller import Applied, Pulled, Puller
from kiosk.pull.record import STATE
from kiosk.signed import read_keys
from kiosk.signed.archive import MAX_ARCHIVE


_HEADERS = 8 << 20  # a tar has up to a KiB beside every file
_LIMITS: Final = Limits(MAX_ARCHIVE + _HEADERS, deadline_s=300.0)
_SETTLED = frozenset({Verdict.APPLIED, Verdict.UNCHANGED, Verdict.SUPERSEDED})


def pull(root: Path, apply: Callable[[Path], Outcome] | None = None) -> Pulled | None:
    """
    Look once; None where ``[provision] url`` is not set.

    Args:
        root: Below which everything is.
        apply: Hands a bundle to provisioning, in place of its own part.

    Raises:
        ConfigError: The configured trust cannot be loaded.
        DownloadFailed: The server did not bring it.
        NotAsSigned: What it brought is not to be used.
        OSError: This machine cannot keep it, or another look is under way.

    """
    loaded, _ = examine_kiosk(root=root)
    set_up_log(loaded.config.log.level, loaded.config.log.format, "kiosk-pull")
    template = loaded.config.provision.url
    if template is None:
        return None
    network = loaded.config.network
    tls, way = client_context(network), network.way

    def fetch(url: str, path: Path, known: str) -> Fetched | None:
        return Download(url, path, _LIMITS, tls, proxy=way).fetch(known)

    def applied(folder: Path) -> Applied:
        outcome = (apply or _provisioned(root))(folder)
        lines = "; ".join(outcome.lines)
        text = f"{outcome.verdict.value}: {lines}" if lines else outcome.verdict.value
        return Applied(is_settled=outcome.verdict in _SETTLED, text=text)

    puller = Puller(
        root / STATE,
        identity_of(root).serial,
        read_keys(root),
        fetch=fetch,
        apply=applied,
    )
    return puller.pull(template)


def _provisioned(root: Path) -> Callable[[Path], Outcome]:
    return OnMachine(root).apply_pulled
