"""
The table of events: what in the log has a number that never changes.

A line of the log is an event by its text (and, of a fault, by what is at fault): who
writes it needs to know of no number.  A test finds each text in the source, and each
event in both catalogues (``systemd/kiosk.catalog``), which explain it to a technician.

1. A number is never used for another event, and never changed: sites count by it.
2. A new event gets a fresh one: ``journalctl --new-id128``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something that happened, as the journal knows it.

    Attributes:
        name: What ``KIOSK_EVENT`` says.
        message_id: 128 bits in hexadecimal, what ``MESSAGE_ID`` says.
        text: Of the line that is this event.
        fault: What the line's ``fault`` must say as well; empty: no matter what.

    """

    name: str
    message_id: str
    text: str
    fault: str = ""


EVENTS: Final = (
    Event("kiosk-started", "54bd4065c6f04177a41978b085d979d4", "kiosk started"),
    Event("kiosk-ready", "a117cc47679b415dabbefc1a0c5ed6fb", "kiosk ready"),
    Event("kiosk-ended", "32485c09288b4d5ba7b3c96662ef260e", "kiosk ended"),
    Event("kiosk-stopped", "701c9a4e140f418ba6943f0379d757d9", "kiosk stopped"),
    Event("kiosk-failed", "89acd5038eba43eeb68e9cf804b2d89c", "kiosk failed"),
    Event("state-changed", "0dd5b4a33d6245b3bacd314bb70ef059", "state changed"),
    Event("call-began", "894c78b5b08147b6b9c4cf591b0373bb", "call began"),
    Event("call-connected", "aa992a4174d9447786f71be86e2bacdd", "call connected"),
    Event("call-ended", "0a3ff26ea0d54d02a119e8b3bfc95b17", "call ended"),
    Event("call-failed", "cf07d4ce09f5424cb1c5ae6fce2cf486", "call failed"),
    Event("call-resumed", "feaab74d0e094206b7b8f5092508667b", "call resumed"),
    Event("call-not-resumed", "b5bb9d8c26d14302abab8c1eb1e11c33", "call not resumed"),
    Event(
        "call-not-closed", "fcb37e7442444f138469863130fc53d7", "call not closed in time"
    ),
    Event(
        "call-record-lost",
        "4aa54a2e421c48269124081d7204a1c1",
        "call record not written",
    ),
    Event("not-set-up", "53d4cd55b77d4baaa87eb936f3b049f4", "fault", "configuration"),
    Event(
        "room-service-lost", "b8aefd99dc4a445394aff1f1901117c2", "fault", "room server"
    ),
    Event("display-lost", "e36d4eeed437416d9c148c0f494675ec", "fault", "display"),
    Event("camera-lost", "125ba85f2e2c4cda949b67ad74af692d", "fault", "camera"),
    Event("microphone-lost", "b7d5c05a2aa149079c2b04e54374cfad", "fault", "microphone"),
    Event("speaker-lost", "c3909bbd6d9941eb977c8ac33c67df7b", "fault", "speaker"),
    Event("buttons-lost", "c1540e15225e4d0f8c38a4eb14211096", "fault", "buttons"),
    Event("set-up", "d4e54fcbdee1446fa0c72f9ee29d66e0", "fault over", "configuration"),
    Event(
        "room-service-found",
        "a5ba664bf63441bc9f85c9ca3b66ebc7",
        "fault over",
        "room server",
    ),
    Event("display-found", "85a0579b65844efc9e62d7a6aad38372", "fault over", "display"),
    Event("camera-found", "02536b1cb66b42c5876f07f5788c6e7d", "fault over", "camera"),
    Event(
        "microphone-found",
        "59d65ece08b743e0badfa477068e91a4",
        "fault over",
        "microphone",
    ),
    Event("speaker-found", "cda9fda34e6a4a15a00a3884447c5269", "fault over", "speaker"),
    Event("buttons-found", "a27bbc6e115847fd87f5556616e9b99f", "fault over", "buttons"),
    Event("door-opened", "0284c13362bf4ac3a3ded94e4648d67e", "door opened"),
    Event("door-closed", "7ab87e318f4742e2823d65dbd147146a", "door closed"),
    Event("lamps-failed", "d895af5d59484346bbc134746f0c426c", "lamps fail"),
    Event("lamps-work", "84c2cfcb6fe9408ea9a9d0e5b82a31dc", "lamps work again"),
    Event("trust-unusable", "7236537b68734178a55f411a86b7f0c0", "trust not usable"),
    Event(
        "echo-canceller-missing",
        "c66622285bea40b3a2e76cb297a66f22",
        "echo canceller missing",
    ),
    Event(
        "echo-canceller-failed",
        "6a85ab7c62fc40aaa31008cf69222f66",
        "echo canceller failed",
    ),
    Event("chime-not-heard", "f077891a6e5c498ea4581d1e3a43a9a8", "chime not heard"),
    Event(
        "screen-not-drawn",
        "49251ea959394f1f8224ca242b01ebf4",
        "a screen could not be drawn",
    ),
    Event(
        "lines-lost",
        "9be4c20eaf0d4c88b5a15b343d15c035",
        "log lines lost, nobody read them",
    ),
    Event("server-ready", "d7cb9eaab4504bc6be13bb83803fea2f", "server ready"),
    Event(
        "server-not-started", "cbd8d7a2da2f45288aa980b1f4b5db28", "server not started"
    ),
    Event("kiosk-silent", "e8820354a81c4834b201a7ac77fe9527", "kiosk silent"),
    Event("update-tried", "fd5794f31e1946459ac51cc147d08864", "update tried"),
    Event("update-kept", "1f62d061b33946b8a8e03b32254adce4", "update kept"),
    Event("update-taken-back", "50ab746f42ed4753acecad8f48b4d002", "update taken back"),
    Event("kiosk-back", "c2f8e701f6b649e48312108b98e852e6", "kiosk back"),
    Event("provision-applied", "e34645e2c8b3566a8bc8427a8cafaf37", "bundle applied"),
    Event(
        "provision-refused", "3dc1e30708985fe49ae67efd1efa466e", "bundle not applied"
    ),
    Event(
        "provision-rolled-back", "6467b5be8f3154be9d3cbec8468ccc89", "bundle taken back"
    ),
    Event(
        "provision-damaged",
        "2aca97f15ea6580c9591ebf2605b6865",
        "a set of files is damaged",
    ),
    Event(
        "provision-secrets-left",
        "ab1a61766efd534189f840194ef93049",
        "secrets left on the medium",
    ),
    Event(
        "provision-result-unwritten",
        "366038fbba8e5aa59c44070f4695d5ee",
        "result not written",
    ),
    Event(
        "safe-screen-unseen", "f7b7b9e556835d39a4fa135040daddb9", "safe screen not seen"
    ),
    Event(
        "metrics-not-served", "e4d79af3c3145bc081cc6e9ac602c567", "metrics not served"
    ),
    Event(
        "configuration-reloaded",
        "a210940932035b6db242f253b29b04bc",
        "configuration applied",
    ),
    Event(
        "configuration-refused",
        "51ab74e5ba5450df999c50f2495fc1ea",
        "configuration refused, the old one goes on",
    ),
    Event(
        "configuration-waits",
        "e475894739965147912caeb02b49a597",
        "configuration applies when the call is over",
    ),
    Event("update-stage", "09b6c146867a580c9379498585209bfa", "update stage"),
    Event("time-not-trusted", "eb3513781c545f799a4a8e733d12f824", "clock wrong"),
    Event("time-trusted", "94b5a80852b05926b8d9e2935e467f22", "clock right again"),
    Event("old-seat-not-left", "c40aa6fa46cf5eca8153f99f0849fe24", "old seat not left"),
    Event(
        "provision-failed", "71807e9e9dd35918a711d815068b5b97", "provisioning failed"
    ),
    Event(
        "provision-not-taken-up",
        "9c3dcf36769357b8b3141a144d788d7f",
        "change not taken up",
    ),
    Event("ladder-rung", "868d6e03558b561fbe8b0ab9b4dad49d", "kiosk service failed"),
    Event(
        "ladder-left", "3eccb987cd1e583c9168569ddb427808", "kiosk service well again"
    ),
    Event(
        "ladder-history-lost",
        "a9f0e53c6c4d5614bce947376f656358",
        "ladder history not written",
    ),
)

_BY_TEXT: Final = {(event.text, event.fault): event for event in EVENTS}


def event_of(record: logging.LogRecord) -> Event | None:
    """Return the event that a line of the log is, or None."""
    fault = getattr(record, "fault", "")
    return _BY_TEXT.get((record.msg, fault)) or _BY_TEXT.get((record.msg, ""))
