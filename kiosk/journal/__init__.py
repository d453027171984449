"""
What the log is: its events, its forms, and what never gets into it.

``set_up`` chooses the form; ``events`` is the table of what has a stable number;
``redaction`` takes secrets out of whatever is written; ``lines`` and ``native``
write, the one to a stream, the other to systemd's journal with a field for each
fact; ``story`` knows of which call a line tells.

Standard library only: programs that must work when all else is broken log too.
"""
