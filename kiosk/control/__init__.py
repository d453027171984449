"""
The control API: HTTP over a Unix socket, for demo, bench and ``kiosk call``.

Whoever may open the socket may press the buttons; nothing else in the product
uses it.  ``server`` (starlette, uvicorn) runs in the daemon, ``client`` is
small enough for a command that must answer at once, so import the submodule.

========================  =====================================================
``POST /press``           ``{"button": "call" | "hangup" | "mute" | "volume_up" |
                          "volume_down" | "door"}``, and for a long press (a door
                          that stands open) ``"held_ms"``, up to 60000
``GET /status``           the status, below
``GET /events``           one JSON object a line until either side closes
``GET /calls``            ``{"calls": [...]}``, the records of the last calls, the newest
                          first; fields of ``ports.call_record.CallRecord``
``GET /inspection``       ``{"inspection": [{"what": "camera", "found", "wrong", "cure"}]}``:
                          the rows of the technician's page, found out now
``GET /metrics``          the status as Prometheus reads it, text
``POST /text``            ``{"text": "..."}``, to the others in the room; or
                          ``{"reply": 1}``, the first of ``[call] replies``
``POST /still``           ``{}``; asks the others for a still picture and answers
                          with it (``image/jpeg``), within two minutes
``POST /stand-down``      ``{"seconds": 60}``, up to 300: no call begins for so long,
                          for a restart of the machine; refused if somebody is there
``POST /screenshot``      ``{"path": "/absolute/file.png"}``, written by the daemon
========================  =====================================================

Bodies hold at most 4 KiB.  Every other answer is a JSON object: ``{"ok": true}``, the
status, or ``{"error": "what is wrong", "code": "K001"}`` with HTTP 4xx or 5xx.

Status, ``schema_version`` 1; times in microseconds of CLOCK_MONOTONIC, ``null``
where something did not happen (yet); ``position`` is the place in the queue::

    {"schema_version": 1, "state": "IN_CALL", "screen": "in_call", "since_us": 1,
     "reason": "", "position": null, "user_id": "kiosk-7", "room_id": "service",
     "health": {"now_us", "ready_us", "served_us": when the room service answered last},
     "volume_db": 0 of the loudspeaker, "call": 3, "still": "none", "asked" or "sending",
     "muted": false, "insecure": false,
     "peers": [{"user_id": "agent-1", "name": "Agent", "loudest": true,
                "received": "nothing yet" | "picture" | "sound" | "silence"}],
     "push": {fields of ports.PushStats} or null,
     "play": [{fields of ports.PlayStats}],
     "live": {"sent_kbps": 600, "parties": [{"user_id", "received_kbps",
              "pictures_per_second", "silent"}]}   of the last second; null: no call
     "television": [{fields of ports.PlayStats}] or null,
     "timings": {"call_pressed_us", "reserved_us", "published_us", "entered_us",
                 "peer_known_us", "first_picture_us"},   of this or the last call
     "devices": {"camera_open", "microphone_open", "speaker_open"},   observed
     "synthetic": ["camera"],   devices that are none: nobody is filmed, nobody heard
     "display": {"missing": why nothing can be seen, or "", "lit": "HDMI-A-1 1280x720@60"},
     "faults": [{"fault": "camera", "flashes": 4 of the lamp, "reason": "D001 ..."}],
     "door_open": true, false or null (no contact), "lamps_wrong": why a lamp fails or "",
     "machine": {"update": what `kiosk update status --json` says, "bundle": what
                 `kiosk provision status --json` says, or null: nobody looked yet},
     "rss_mb": 70.1, "cpu_s": 12.3, "threads": 8, "fds": 20,
     "threads_cpu_s": {"camera": 4.1, "playout": 2.2},   of those that run now
     "loop_stall_ms": {"p999", "max", "n"}, "calls_ended": 2}

Events: ``{"event": "state", "state", "screen", "at_us"}``, ``{"event": "text",
"user_id", "name", "text"}``, ``{"event": "display", "missing": true}``, ``{"event":
"device", "device": "microphone", "lost": true, "reason"}`` (of a call that goes on
without it), ``{"event": "door", "open": true, "at_us"}``, ``{"event": "first_picture", "user_id", "at_us"}``,
``{"event": "language", "language"}`` (empty: the kiosk's own).
"""
