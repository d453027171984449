"""
What a network connection of a bundle may be, so that nobody has to be asked.

A kiosk has no desktop: a connection must come up by itself at every start, with its
secrets in the file and its certificates in the bundle.  What NetworkManager knows and
this table does not is let through, unless it looks like a misspelling.

Source: nm-settings-keyfile(5), NetworkManager 1.52.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from kiosk.config.documents import printable
from kiosk.provision.addresses import address_findings
from kiosk.provision.keyfile import Finding, Keyfile


PATHS: Final = frozenset(
    f"{phase}{key}"
    for phase in ("", "phase2-")
    for key in ("ca-cert", "client-cert", "private-key")
)
"""Keys of ``[802-1x]`` that name a file."""

_TYPES: Final = {
    "ethernet": "ethernet",
    "802-3-ethernet": "ethernet",
    "wifi": "wifi",
    "802-11-wireless": "wifi",
    "vlan": "vlan",
}
_WIFI = ("wifi", "802-11-wireless")
_WIFI_SECURITY = ("wifi-security", "802-11-wireless-security")
_KNOWN: Final[Mapping[str, str]] = {
    "connection": "id uuid type interface-name autoconnect autoconnect-priority "
    "autoconnect-retries timestamp permissions metered zone lldp mdns llmnr "
    "wait-device-timeout dns-over-tls master slave-type controller port-type "
    "stable-id read-only auth-retries secondaries",
    "ipv4": "method address addresses gateway dns dns-search dns-options "
    "dns-priority never-default may-fail ignore-auto-dns ignore-auto-routes "
    "route-metric route-table dhcp-client-id dhcp-hostname dhcp-send-hostname "
    "dhcp-timeout dhcp-fqdn dad-timeout link-local required-timeout",
    "ipv6": "method address addresses gateway dns dns-search dns-options "
    "dns-priority never-default may-fail ignore-auto-dns ignore-auto-routes "
    "route-metric route-table addr-gen-mode ip6-privacy token dhcp-duid dhcp-iaid "
    "dhcp-hostname dhcp-send-hostname dhcp-timeout ra-timeout required-timeout",
    "wifi": "ssid mode band channel bssid mac-address cloned-mac-address hidden "
    "powersave mtu security mac-address-randomization seen-bssids",
    "wifi-security": "key-mgmt psk psk-flags auth-alg proto pairwise group pmf "
    "wps-method wep-key0 wep-key-type leap-username leap-password fils",
    "ethernet": "mac-address cloned-mac-address mtu auto-negotiate duplex speed "
    "wake-on-lan port",
    "vlan": "id parent flags interface-name protocol ingress-priority-map "
    "egress-priority-map",
    "802-1x": "eap identity anonymous-identity ca-cert ca-path ca-cert-password "
    "client-cert client-cert-password private-key private-key-password "
    "private-key-password-flags password password-flags password-raw "
    "phase1-peapver phase1-auth-flags phase1-fast-provisioning phase2-auth "
    "phase2-autheap phase2-ca-cert phase2-client-cert phase2-private-key "
    "phase2-private-key-password domain-suffix-match domain-match subject-match "
    "altsubject-matches system-ca-certs auth-timeout optional pac-file openssl-ciphers",
    "proxy": "method browser-only pac-url pac-script",
    "match": "interface-name driver path kernel-command-line",
    "user": "",
    "link": "tx-queue-length gso-max-size gro-max-size",
}
_OTHER_NAMES = {
    "802-3-ethernet": "ethernet",
    "802-11-wireless": "wifi",
    "802-11-wireless-security": "wifi-security",
}
_NUMBERED = ("address", "route", "routing-rule", "wep-key")
_EAP = frozenset({"tls", "ttls", "peap", "fast", "pwd"})
_WITH_PASSWORD = frozenset({"ttls", "peap", "fast", "pwd"})
_KEY_MANAGEMENT = ("wpa-psk", "sae", "wpa-eap", "wpa-eap-suite-b-192", "owe", "none")
_ASKING_FLAGS = frozenset({"1", "2", "3"})
_PSK, _LONGEST_PSK, _RAW_PSK, _SSID = 8, 63, 64, 32


def findings_of(file: Keyfile) -> Iterator[Finding]:
    """Yield everything that is wrong with a connection."""
    yield from file.findings
    if not file.groups:
        return
    yield from _misspelt(file)
    yield from _identity(file)
    yield from _secrets_to_ask_for(file)
    kind = _TYPES.get(file.get("connection", "type"), "")
    if kind == "wifi":
        yield from _wifi(file)
    if kind == "vlan":
        for key in ("id", "parent"):
            yield from _needed(file, "vlan", key, "id=100 and parent=eth0")
    if "802-1x" in file.groups:
        yield from _port_access(file)
    yield from address_findings(file)


def is_secret(group: str, key: str) -> bool:
    """Return whether a value is to be kept from others."""
    return key in {"psk", "leap-password"} or key.startswith(
        ("wep-key", "password", "private-key-password", "phase2-private-key-password")
    )


def _misspelt(file: Keyfile) -> Iterator[Finding]:
    for group, values in file.groups.items():
        known = _KNOWN.get(_OTHER_NAMES.get(group, group))
        if known is None:
            near = get_close_matches(group, _KNOWN, n=1)
            if near:
                text = f"[{printable(group)}]: unknown; did you mean [{near[0]}]?"
                yield Finding(file.heads[group], 1, text)
            continue
        for key, value in values.items():
            if not known or key in known.split() or key.startswith(_NUMBERED):
                continue
            near = get_close_matches(key, known.split(), n=1)
            if near:
                text = f"[{group}] {printable(key)}: unknown; did you mean {near[0]}?"
                yield Finding(value.line, 1, text)


def _identity(file: Keyfile) -> Iterator[Finding]:
    group = "connection"
    yield from _needed(file, group, "id", "id=branch-lan")
    yield from _needed(file, group, "uuid", f"uuid={uuid.uuid4()}")
    yield from _needed(file, group, "type", "type=ethernet")
    number = file.get(group, "uuid")
    try:
        uuid.UUID(number or str(uuid.uuid4()))
    except ValueError:
        text = f"must be a UUID, e.g. {uuid.uuid4()} (`uuidgen` makes one)"
        yield _finding(file, group, "uuid", text)
    kind = file.get(group, "type")
    if kind and kind not in _TYPES:
        yield _finding(file, group, "type", "must be ethernet, wifi or vlan")
    if file.get(group, "permissions"):
        text = "leave it out: nobody logs in at a kiosk, so it would never connect"
        yield _finding(file, group, "permissions", text)
    if file.get(group, "autoconnect").lower() in {"false", "no", "0"}:
        text = "leave it out: nobody is there to connect it"
        yield _finding(file, group, "autoconnect", text)


def _secrets_to_ask_for(file: Keyfile) -> Iterator[Finding]:
    for group, values in file.groups.items():
        for key, value in values.items():
            secret = key.removesuffix("-flags")
            if (
                secret != key
                and is_secret(group, secret)
                and value.text in _ASKING_FLAGS
            ):
                text = "must be 0 or left out: nobody can be asked for it at a kiosk"
                yield _finding(file, group, key, text)


def _wifi(file: Keyfile) -> Iterator[Finding]:
    wifi = next((name for name in _WIFI if name in file.groups), "wifi")
    yield from _needed(file, wifi, "ssid", "ssid=BRANCH")
    if len(file.get(wifi, "ssid").encode()) > _SSID:
        yield _finding(file, wifi, "ssid", f"is longer than {_SSID} bytes")
    if file.get(wifi, "mode") not in {"", "infrastructure"}:
        text = "leave it out: a kiosk joins a network and opens none"
        yield _finding(file, wifi, "mode", text)
    security = next((name for name in _WIFI_SECURITY if name in file.groups), "")
    if not security:
        return
    yield from _needed(file, security, "key-mgmt", "key-mgmt=wpa-psk")
    management = file.get(security, "key-mgmt")
    if management and management not in _KEY_MANAGEMENT:
        text = f"must be one of {', '.join(_KEY_MANAGEMENT)}"
        yield _finding(file, security, "key-mgmt", text)
    if management in {"wpa-psk", "sae"}:
        yield from _psk(file, security)
    if management.startswith("wpa-eap") and "802-1x" not in file.groups:
        text = "needs a section [802-1x] with eap, identity and certificates"
        yield _finding(file, security, "key-mgmt", text)


def _psk(file: Keyfile, group: str) -> Iterator[Finding]:
    psk = file.get(group, "psk")
    if not psk:
        yield _finding(file, group, "psk", "is missing; e.g. psk=the Wi-Fi password")
        return
    raw = len(psk) == _RAW_PSK and all(c in "0123456789abcdefABCDEF" for c in psk)
    if not raw and not _PSK <= len(psk) <= _LONGEST_PSK:
        text = f"must be {_PSK} to {_LONGEST_PSK} characters, or 64 hexadecimal digits"
        yield _finding(file, group, "psk", text)


def _port_access(file: Keyfile) -> Iterator[Finding]:
    group = "802-1x"
    methods = [name for name in file.get(group, "eap").strip(";").split(";") if name]
    if not methods or not set(methods) <= _EAP:
        text = f"must be one of {', '.join(sorted(_EAP))}, e.g. eap=tls;"
        yield _finding(file, group, "eap", text)
    yield from _needed(file, group, "identity", "identity=kiosk-17@bank.example")
    if "tls" in methods:
        yield from _needed(file, group, "client-cert", "client-cert=kiosk-17.pem")
        yield from _needed(file, group, "private-key", "private-key=kiosk-17.key")
        key_flags = file.get(group, "private-key-password-flags")
        if not file.get(group, "private-key-password") and key_flags != "4":
            text = (
                "is missing; a key without a password needs "
                "private-key-password-flags=4 in its place"
            )
            yield _finding(file, group, "private-key-password", text)
    if _WITH_PASSWORD.intersection(methods):
        yield from _needed(file, group, "password", "password=...")
    trusts = file.get(group, "ca-cert") or file.get(group, "system-ca-certs") == "true"
    if methods and methods != ["pwd"] and not trusts:
        text = (
            "is missing; without it any switch or access point could ask for our "
            "password. E.g. ca-cert=bank-ca.pem, the file beside this one"
        )
        yield _finding(file, group, "ca-cert", text)


def _needed(file: Keyfile, group: str, key: str, example: str) -> Iterator[Finding]:
    if not file.get(group, key):
        yield _finding(file, group, key, f"is missing; e.g. {example}")


def _finding(file: Keyfile, group: str, key: str, text: str) -> Finding:
    line, column = file.at(group, key)
    return Finding(line, column, f"[{group}] {key}: {text}")
