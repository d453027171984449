"""kiosk(1): every command and option, as the parser has them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from manual import roff


_EXITS = (
    (os.EX_OK, "done; of kiosk doctor: all good"),
    (1, "kiosk doctor: warnings; kiosk test-call: not a good call"),
    (2, "kiosk doctor: failures"),
    (os.EX_USAGE, "the command was wrong"),
    (os.EX_NOINPUT, "the file named cannot be read; the log has no such line"),
    (os.EX_UNAVAILABLE, "no kiosk runs there, or it refused"),
    (os.EX_TEMPFAIL, "try again: no answer in time, no room, a network that fails"),
    (os.EX_NOPERM, "this user may not: use sudo, or join the group kiosk"),
    (os.EX_CONFIG, "the configuration has mistakes"),
    (130, "Ctrl-C"),
)
_FILES = (
    ("/etc/kiosk/kiosk.toml", "the configuration: kiosk.toml(5)"),
    ("/etc/kiosk/conf.d/NN-*.toml", "small changes, read in the order of their names"),
    ("/usr/lib/kiosk/defaults.toml", "what holds where those say nothing"),
    ("/etc/credstore/kiosk.*", "secrets, of root alone"),
    ("/run/kiosk/control.sock", "where the commands reach the daemon"),
)
_ENVIRONMENT = (
    ("NO_COLOR", "when set, nothing is coloured"),
    ("CREDENTIALS_DIRECTORY", "where secrets are instead, as systemd gives it"),
)


def page(parser: argparse.ArgumentParser) -> str:
    """Return the page as man(7) has it."""
    lines = [
        *roff.title("kiosk", 1, "one-touch video calls to customer service"),
        roff.heading("SYNOPSIS"),
        r"\fBkiosk\fR \fICOMMAND\fR [\fIOPTION\fR ...]",
        roff.heading("DESCRIPTION"),
        roff.escaped(
            "kiosk run is the daemon that kiosk.service starts; the other commands are "
            "for technicians and operators. With --json a command prints one object a "
            "line and nothing else; diagnostics go to standard error."
        ),
        roff.heading("COMMANDS"),
    ]
    for words, each in commands_of(parser):
        lines += _command(words, each)
    lines += [roff.heading("EXIT STATUS"), *roff.items((str(n), t) for n, t in _EXITS)]
    lines += [roff.heading("FILES"), *roff.items(_FILES)]
    lines += [roff.heading("ENVIRONMENT"), *roff.items(_ENVIRONMENT)]
    lines += [roff.heading("SEE ALSO"), "kiosk(8), kiosk.toml(5), journalctl(1)"]
    return "\n".join(lines) + "\n"


def commands_of(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command, those within others too, by all its words."""
    for action in parser._actions:  # noqa: SLF001 -- argparse has no public way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for name, each in action.choices.items():
                each.description = each.description or _help_of(action, name)
                yield each.prog, each
                yield from commands_of(each)


def options_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield each option and argument of one command."""
    for action in parser._actions:  # noqa: SLF001 -- argparse has no public way
        is_other = isinstance(action, argparse._SubParsersAction | argparse._HelpAction)  # noqa: SLF001
        if not is_other:
            yield action


def _help_of(
    action: argparse._SubParsersAction[argparse.ArgumentParser], name: str
) -> str:
    told = (each for each in action._choices_actions if each.dest == name)  # noqa: SLF001
    return next((each.help or "" for each in told), "")


def _command(words: str, parser: argparse.ArgumentParser) -> list[str]:
    lines = [roff.subheading(words), roff.escaped(parser.description or "")]
    for action in options_of(parser):
        lines += roff.item(_term(action), _explained(parser, action))
    return lines


def _term(action: argparse.Action) -> str:
    value = action.metavar or action.dest.upper()
    text = value if isinstance(value, str) else " ".join(value)
    takes = action.nargs != 0
    if not action.option_strings:
        return text
    names = ", ".join(action.option_strings)
    return f"{names} {text}" if takes else names


def _explained(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    facts = {**vars(action), "prog": parser.prog}
    return (action.help or "") % facts
