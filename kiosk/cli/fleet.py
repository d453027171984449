"""The commands ``kiosk fleet ...``: bundles for many devices, at the operator's desk."""

from __future__ import annotations

import argparse
import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.cli.commands import Commands, add_json, complain
from kiosk.programs import Programs


if TYPE_CHECKING:
    from kiosk.app.fleet_desk import FleetFiles


_MOST_LINES = 50


def add_to(commands: Commands) -> None:
    """Add ``fleet`` with its own commands."""
    parser = commands.add_parser("fleet", help="set up many kiosks from one list")
    own = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    render = own.add_parser("render", help="write a bundle for every device of a list")
    _add_files(render, "the list: CSV or tab-separated, as Excel exports it")
    render.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where bundles go"
    )
    render.set_defaults(command=_render)
    check = own.add_parser("check", help="judge a list, or the bundles made of it")
    _add_files(check, "the list, or the directory of the bundles")
    check.set_defaults(command=_check)
    replace = own.add_parser("replace", help="let one device take another's place")
    replace.add_argument("sheet", type=Path, metavar="LIST", help="it is changed")
    replace.add_argument("old", metavar="OLD", help="its serial number")
    replace.add_argument("new", metavar="NEW", help="that of the device instead")
    replace.set_defaults(command=_replace)
    key = own.add_parser("key", help="make a key pair to sign with")
    key.add_argument("name", metavar="NAME", help="NAME.key is secret, NAME.pem public")
    key.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="by default here"
    )
    _add_passphrase(key)
    key.set_defaults(command=_key)
    _add_sign(own.add_parser("sign", help="sign bundles, or an update"))


def _add_files(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("sheet", type=Path, metavar="LIST", help=what)
    parser.add_argument(
        "--site", type=Path, metavar="FILE", help="configuration that all devices share"
    )
    parser.add_argument(
        "--network",
        type=Path,
        action="append",
        metavar="FILE",
        help="a connection for all, or a certificate it names; repeatable",
    )
    parser.add_argument(
        "--ca",
        type=Path,
        action="append",
        metavar="FILE",
        help="an authority that all trust; repeatable",
    )
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="give every user_id an enrolment key, and keep them there (a secret)",
    )
    parser.add_argument(
        "--enrol",
        type=Path,
        metavar="FILE",
        help="the room server's configuration, to enrol new keys at",
    )
    parser.add_argument(
        "--ignore",
        action="append",
        metavar="COLUMN",
        help="a column that is of no use here; repeatable",
    )
    parser.add_argument(
        "--same-ip", action="store_true", help="addresses may repeat, behind routers"
    )
    add_json(parser)


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="of the files")
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="NAME.key; repeatable, while devices go over to another",
    )
    _add_passphrase(parser)
    parser.add_argument(
        "--kind",
        choices=("provision", "update"),
        default="provision",
        help="what is signed (%(default)s)",
    )
    parser.add_argument("--id", default="", help="by default made from the content")
    parser.add_argument(
        "--ring",
        type=int,
        default=100,
        metavar="PERCENT",
        help="of the devices that may take it: 1, 10, 100; 0 halts (%(default)s)",
    )
    parser.add_argument(
        "--allow-older",
        action="store_true",
        help="let it take the place of a newer one: a way back",
    )
    parser.add_argument(
        "--created",
        type=_time,
        metavar="TIME",
        help="such as 2026-11-28T14:00:00Z; by default now",
    )
    parser.add_argument(
        "--about",
        action="append",
        metavar="NAME=TEXT",
        help="what an update says of itself, version=1.4.0; repeatable",
    )
    parser.add_argument(
        "--with-secrets",
        action="store_true",
        help="put secrets into the archives: only for a web server that asks for the "
        "devices' certificates",
    )
    parser.set_defaults(command=_sign)


def _add_passphrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="what locks the key"
    )


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise argparse.ArgumentTypeError("must look like 2026-11-28T14:00:00Z")
    return time


def _files(arguments: argparse.Namespace) -> FleetFiles:
    from kiosk.app.fleet_desk import FleetFiles

    return FleetFiles(
        sheet=arguments.sheet,
        site=arguments.site,
        networks=arguments.network or (),
        authorities=arguments.ca or (),
        keys=arguments.keys,
        server=arguments.enrol,
        ignored=arguments.ignore or (),
        same_ip=arguments.same_ip,
    )


def _render(arguments: argparse.Namespace, programs: Programs) -> int:
    done = programs.fleet().render(_files(arguments), arguments.out)
    if arguments.json:
        facts = {
            "schema_version": 1,
            "written": done.written,
            "unchanged": done.unchanged,
            "removed": done.removed,
        }
        print(json.dumps(facts))
        return os.EX_OK
    print(f"{arguments.out}: {len(done.written)} bundles written", end="")
    print(f", {len(done.unchanged)} unchanged, {len(done.removed)} removed")
    for serial in done.removed:
        print(f"removed: {serial}")
    return os.EX_OK


def _check(arguments: argparse.Namespace, programs: Programs) -> int:
    count = programs.fleet().check(_files(arguments))
    if arguments.json:
        print(json.dumps({"schema_version": 1, "devices": count}))
    else:
        print(f"no mistakes in {arguments.sheet}: {count} devices")
    return os.EX_OK


def _replace(arguments: argparse.Namespace, programs: Programs) -> int:
    programs.fleet().replace(arguments.sheet, arguments.old, arguments.new)
    print(f"{arguments.new} takes the place of {arguments.old}, which is retired")
    print(f"now render {arguments.sheet} again: the new device gets a key of its own")
    return os.EX_OK


def _key(arguments: argparse.Namespace, programs: Programs) -> int:
    secret, public, key_id = programs.fleet().make_key(
        arguments.name, arguments.out, arguments.passphrase_file
    )
    print(f"{secret}: keep it secret; `kiosk fleet sign --key {secret}`")
    print(f"{public}: key {key_id}, for /etc/kiosk/keys of every kiosk")
    return os.EX_OK


def _sign(arguments: argparse.Namespace, programs: Programs) -> int:
    from kiosk.app.fleet_desk import SigningOrder

    about = [text.partition("=") for text in arguments.about or ()]
    if not all(sign for _, sign, _ in about):
        complain("--about needs NAME=TEXT")
        return os.EX_USAGE
    order = SigningOrder(
        folder=arguments.folder,
        keys=arguments.key,
        passphrase_file=arguments.passphrase_file,
        kind=arguments.kind,
        id=arguments.id,
        ring=arguments.ring,
        allow_older=arguments.allow_older,
        created=arguments.created,
        about={name: text for name, _, text in about},
        with_secrets=arguments.with_secrets,
    )
    signed = programs.fleet().sign(order)
    for path, bundle_id in signed[:_MOST_LINES]:
        print(f"{path}: {bundle_id}")
    if len(signed) > _MOST_LINES:
        print(f"and {len(signed) - _MOST_LINES} more")
    return os.EX_OK
