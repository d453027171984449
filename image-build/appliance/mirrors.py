"""
Where Debian comes from: this machine's own apt configuration, asked for another release.

No address is written down anywhere; whoever has a mirror or a proxy has it for the
appliance too.  Both forms of source lists are read (``sources.list(5)``).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.errors import BuildError


APT: Final = Path("/etc/apt")
OS_RELEASE: Final = Path("/etc/os-release")
_ONE_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>.+)"
)
_PASSED_ON = re.compile(r"^(Acquire::(?:http|https|Retries|Check)\S*) (\".*\");$")


@dataclass(frozen=True, slots=True)
class Source:
    """One archive as apt knows it."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def line(self) -> str:
        """Return it in the one-line form."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {self.suite} {' '.join(self.components)}"


def one_line_sources(text: str) -> Iterator[Source]:
    """Read the form of ``sources.list``."""
    for line in text.splitlines():
        found = _ONE_LINE.match(line.strip())
        if found is None:
            continue
        suite, *components = found["rest"].split("#")[0].split()
        options = dict(
            option.split("=", 1)
            for option in (found["options"] or "").split()
            if "=" in option
        )
        signed_by = options.get("signed-by", "")
        yield Source(found["uri"], suite, tuple(components), signed_by)


def stanza_sources(text: str) -> Iterator[Source]:
    """Read the form of ``*.sources``."""
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        for line in stanza.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ", "\t")):
                fields[name.strip().lower()] = value.strip()
        if fields.get("enabled", "yes").lower() == "no":
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        signed_by = fields.get("signed-by", "")  # empty where the key stands inline
        components = tuple(fields.get("components", "").split())
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(uri, suite, components, signed_by)


def sources(apt: Path = APT) -> list[Source]:
    """Return all archives this machine installs from."""
    found: list[Source] = []
    lists = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*"))]
    for path in lists:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".sources":
            found += stanza_sources(text)
        elif path.suffix == ".list":
            found += one_line_sources(text)
    return found


def lines_for(release: str, host: str, known: list[Source]) -> list[str]:
    """
    Return the archives of a Debian release, from those of this machine's release.

    Args:
        release: Code name wanted.
        host: Code name of this machine's release.
        known: Its archives.

    Raises:
        BuildError: If none of them is Debian's main archive.

    """
    lines = [
        Source(
            source.uri,
            source.suite.replace(host, release, 1),
            ("main",),
            source.signed_by,
        ).line()
        for source in known
        if re.fullmatch(rf"{re.escape(host)}(-updates|-security)?", source.suite)
        and "main" in source.components
    ]
    if not any(line.split()[-2] == release for line in lines):
        raise BuildError(
            f"no Debian archive: apt's sources have no suite {host!r} with main, of "
            f"which {release!r} could be asked; add one to {APT}/sources.list.d"
        )
    return list(dict.fromkeys(lines))


def host_release(os_release: Path = OS_RELEASE) -> str:
    """
    Return the code name of this machine's Debian release.

    Raises:
        BuildError: If it is not Debian.

    """
    fields = dict(
        line.split("=", 1)
        for line in os_release.read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    name = fields.get("VERSION_CODENAME", "").strip('"')
    if fields.get("ID", "").strip('"') != "debian" or not name:
        raise BuildError("the appliance is built on Debian: this machine is another")
    return name


def transport_options(environment: Mapping[str, str]) -> list[str]:
    """Return how this machine's apt reaches its archives, e.g. through a proxy."""
    dump = subprocess.run(
        ["apt-config", "dump"],
        check=True,
        capture_output=True,
        text=True,
        env=dict(environment),
    ).stdout
    found = (_PASSED_ON.match(line) for line in dump.splitlines())
    return [f"{one[1]} {one[2]}" for one in found if one and one[2] != '""']
