"""
Collects, while a call goes on, what will be its record.

Told of states, of facts of the media threads, and once a second of their
counters; it asks nobody and decides nothing.  What it keeps is bounded however
long the call is and however many people come and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from kiosk import ports
from kiosk.call import events as ev
from kiosk.call.record_bounds import (
    LONGEST_REASON,
    MOST_LOSSES,
    MOST_PARTIES,
    MOST_PASSAGES,
    MOST_SPANS_RECEIVED,
)
from kiosk.call.rows import reason_of
from kiosk.call.states import CALL_STATES, State
from kiosk.daemon.rate_history import LEAST_US, RateHistory
from kiosk.daemon.timings import Timings
from kiosk.ports import Micros, PlayStats, PushStats, Quality
from kiosk.ports.call_record import (
    CallRecord,
    DeviceLoss,
    Passage,
    ReceivedRecord,
    SentRecord,
    SetUp,
)


# of a second's sound, and of our pictures: what makes a connection weak, or fair
_WEAK_MISSED_MS: Final = 100.0
_WEAK_BRAKED_MS: Final = 300.0
_WEAK_BACKLOG_MS: Final = 1_000.0
_FAIR_MISSED_MS: Final = 20.0
_FAIR_BRAKED_MS: Final = 50.0
FAIR_US: Final = 10_000_000
"""For so long a connection is no better than fair: the words must not flicker."""
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class _Party:
    """
    One other party of the call.

    Attributes:
        stats: Its newest counters.
        measured: Its counters when rates were last taken, and when that was;
            None when it has just come.
        missed_ms: Of sound, between the last two of these.
        flawed_at: When some was last missing.
        is_gone: It is not played any more; it may come back.

    """

    stats: PlayStats
    rates: RateHistory = field(default_factory=RateHistory)
    measured: tuple[PlayStats, Micros] | None = None
    shown_per_s: float | None = None
    missed_ms: float = 0.0
    flawed_at: Micros | None = None
    silences: int = 0
    silent_us: int = 0
    silent_since: Micros | None = None
    losses: int = 0
    is_gone: bool = False

    def look(self, stats: PlayStats, now: Micros) -> None:
        """Take its counters, and rates where there was time for one."""
        self.stats, self.is_gone = stats, False
        self.rates.look(stats.bytes_received, now)
        if self.measured is not None:
            old, measured_at = self.measured
            past_us = now - measured_at
            if past_us < LEAST_US:
                return
            fresh = stats.pictures_shown - old.pictures_shown
            self.shown_per_s = round(fresh * 1_000_000 / past_us, 1)
            self.missed_ms = stats.concealed_ms - old.concealed_ms
            if self.missed_ms >= _FAIR_MISSED_MS:
                self.flawed_at = now
        self.measured = stats, now

    def leave(self) -> None:
        """Nothing is known of this moment until it comes back."""
        self.is_gone = True
        self.rates.pause()
        self.measured = self.shown_per_s = self.flawed_at = None
        self.missed_ms = 0.0


class RecordKeeper:
    """
    Keeps what becomes the record of one call.

    Args:
        call: Its ordinal.
        clock: Its wall time is read once.
        timings: Of the call; filled by others.

    """

    def __init__(
        self, call: int, clock: ports.Clock, timings: Timings, reference: str = ""
    ) -> None:
        self._call = call
        self.reference = reference
        self._clock = clock
        self._timings = timings
        self._began = Micros(timings.call_pressed_us or clock.now())
        self._began_wall_s = clock.wall_s() - (clock.now() - self._began) / 1_000_000
        self._ended: Micros | None = None
        self._ended_by = self._reason = ""
        self._passages: list[Passage] = []
        self._state: tuple[State, Micros] | None = None
        self._talked_us = 0
        self._losses: list[DeviceLoss] = []
        self._past_push: PushStats | None = None
        self._push: PushStats | None = None
        self._push_rates = RateHistory()
        self._measured_push: tuple[PushStats, Micros] | None = None
        self._parties: dict[str, _Party] = {}
        self._braked_ms = 0.0
        self._flawed_at: Micros | None = None

    @property
    def quality(self) -> Quality:
        """How well all came through, at the last looks."""
        missed = max((p.missed_ms for p in self._parties.values()), default=0.0)
        is_late = any(p.stats.backlog_ms >= _WEAK_BACKLOG_MS for p in self._there)
        is_braked = self._braked_ms >= _WEAK_BRAKED_MS
        if is_late or is_braked or missed >= _WEAK_MISSED_MS:
            return Quality.WEAK
        flaws = [self._flawed_at, *(p.flawed_at for p in self._parties.values())]
        lately = self._clock.now() - FAIR_US
        is_flawed = any(at is not None and at > lately for at in flaws)
        return Quality.FAIR if is_flawed else Quality.GOOD

    @property
    def _there(self) -> list[_Party]:
        return [party for party in self._parties.values() if not party.is_gone]

    # -- what happens ----------------------------------------------------------

    def enter(self, state: State, event: ev.Event) -> None:
        """Note a state of the machine and what led to it; perhaps the call's end."""
        if state not in CALL_STATES:
            self._end(event)
            return
        now = self._clock.now()
        self._leave_state(now)
        self._state = (state, now)
        if len(self._passages) < MOST_PASSAGES:
            self._passages.append(Passage(self._ms(now), state.name))

    def end_by(self, what: str, reason: str = "") -> None:
        """Note what ended the call; the first one counts."""
        if self._ended is None:
            self._ended = self._clock.now()
            self._leave_state(self._ended)
            self._ended_by, self._reason = what, reason[:LONGEST_REASON]

    def hear(self, fact: ports.MediaFact) -> None:
        """Take a fact of the media threads."""
        match fact:
            case ports.PeerSilent(user_id):
                party = self._party(user_id)
                if party.silent_since is None and not party.is_gone:
                    party.silences += 1
                    party.silent_since = self._clock.now()
            case ports.PeerResumed(user_id) | ports.PeerStarted(user_id):
                self._end_silence(self._party(user_id))
            case ports.PlayLost(user_id):
                self._party(user_id).losses += 1
            case ports.CaptureLost(device, reason):
                if len(self._losses) < MOST_LOSSES:
                    at_ms = self._ms(self._clock.now())
                    self._losses.append(
                        DeviceLoss(at_ms, device, reason[:LONGEST_REASON])
                    )
            case _:
                return

    # -- what is measured --------------------------------------------------------

    def look(self, push: PushStats | None, plays: Iterable[PlayStats]) -> None:
        """
        Take the counters of this moment; once a second, and before they go.

        What comes too soon for a rate only counts.
        """
        now = self._clock.now()
        if push is not None:
            self._push = _together(self._past_push, push)
            aimed_kbps = round(push.bitrate / 1_000)
            self._push_rates.look(self._push.bytes_sent, now, aimed_kbps)
            self._measure_brake(self._push, now)
        for stats in plays:
            self._party(stats.user_id).look(stats, now)

    def end_push(self) -> None:
        """Our stream ended; another one counts from nought and on top of it."""
        self._past_push = self._push
        self._measured_push, self._braked_ms, self._flawed_at = None, 0.0, None

    def end_party(self, user_id: str) -> None:
        """Note that a party is played no more; after the last look at it."""
        party = self._parties.get(user_id)
        if party is not None:
            self._end_silence(party)
            party.leave()

    def live(self) -> dict[str, Any]:
        """Return the figures of the last second, of who is there, for a status."""
        return {
            "sent_kbps": self._push_rates.newest_kbps,
            "parties": [
                {
                    "user_id": user_id,
                    "received_kbps": party.rates.newest_kbps,
                    "pictures_per_second": party.shown_per_s,
                    "silent": party.silent_since is not None,
                }
                for user_id, party in self._parties.items()
                if not party.is_gone
            ],
        }

    def record(self, room_id: str) -> CallRecord:
        """Return the record of the call, which has ended."""
        self.end_by("unknown")
        ended = self._ended or self._began
        for party in self._parties.values():
            self._end_silence(party)
        self._coarsen_rates()
        return CallRecord(
            call=self._call,
            room_id=room_id,
            began_unix_ms=round(self._began_wall_s * 1_000),
            duration_ms=self._ms(ended),
            talked_ms=self._talked_us // 1_000,
            ended_by=self._ended_by,
            reason=self._reason,
            set_up=self._set_up(),
            sent=None if self._push is None else self._sent(self._push),
            received=tuple(map(self._received, self._parties.values())),
            passages=tuple(self._passages),
            devices_lost=tuple(self._losses),
            reference=self.reference,
        )

    # -- private -----------------------------------------------------------------

    def _ms(self, at: Micros) -> int:
        return (at - self._began) // 1_000

    def _end(self, event: ev.Event) -> None:
        if isinstance(event, ev.TimerFired):
            by = f"{event.timer.name.lower()}_deadline"
        else:
            by = _WORD.sub("_", type(event).__name__).lower()
        self.end_by(by, reason_of(event))

    def _leave_state(self, now: Micros) -> None:
        old, self._state = self._state, None
        if old is not None and old[0] is State.IN_CALL:
            self._talked_us += now - old[1]

    def _party(self, user_id: str) -> _Party:
        known = self._parties
        if user_id not in known and len(known) >= MOST_PARTIES:
            # who left first; there are fewer layers than would be needed for none
            del known[min(known, key=lambda other: not known[other].is_gone)]
        return self._parties.setdefault(user_id, _Party(PlayStats(user_id)))

    def _measure_brake(self, push: PushStats, now: Micros) -> None:
        if self._measured_push is not None:
            old, measured_at = self._measured_push
            if now - measured_at < LEAST_US:
                return
            self._braked_ms = push.braked_ms - old.braked_ms
            if self._braked_ms >= _FAIR_BRAKED_MS:
                self._flawed_at = now
        self._measured_push = push, now

    def _end_silence(self, party: _Party) -> None:
        if party.silent_since is not None:
            until = self._clock.now() if self._ended is None else self._ended
            party.silent_us += max(0, until - party.silent_since)
            party.silent_since = None

    def _coarsen_rates(self) -> None:
        """Make a record of many parties no larger than it may be."""
        histories = [party.rates for party in self._parties.values()]
        while sum(rates.n_spans for rates in histories) > MOST_SPANS_RECEIVED:
            max(histories, key=lambda rates: rates.n_spans).coarsen()

    def _set_up(self) -> SetUp:
        steps = asdict(self._timings)
        del steps["call_pressed_us"]
        return SetUp(
            **{
                name.replace("_us", "_ms"): self._ms(at) if at else None
                for name, at in steps.items()
            }
        )

    def _sent(self, push: PushStats) -> SentRecord:
        return SentRecord(
            pictures=push.pictures_sent,
            pictures_dropped=push.pictures_dropped,
            drops=dict(push.drops),
            sound_dropped=push.sound_dropped,
            size_bytes=push.bytes_sent,
            braked_ms=round(push.braked_ms),
            muted_ms=round(push.muted_ms),
            reconnects=push.reconnects,
            round_trip_ms=push.round_trip_ms,
            echo_canceller=push.echo_canceller,
            audio_codec=push.audio_codec,
            microphone_xruns=push.microphone_xruns,
            rates=self._push_rates.spans(self._began),
        )

    def _received(self, party: _Party) -> ReceivedRecord:
        stats = party.stats
        return ReceivedRecord(
            user_id=stats.user_id,
            pictures=stats.pictures_received,
            pictures_shown=stats.pictures_shown,
            pictures_dropped=stats.pictures_dropped,
            drops=dict(stats.drops),
            size_bytes=stats.bytes_received,
            concealed_ms=round(stats.concealed_ms),
            playout_target_ms=stats.playout_target_ms,
            cut_ms=round(stats.cut_ms),
            underruns=stats.underruns,
            speaker_underruns=stats.speaker_underruns,
            late_packets=stats.late_packets,
            silences=party.silences,
            silent_ms=party.silent_us // 1_000,
            losses=party.losses,
            picture_gap_ms=stats.picture_gap_ms,
            picture_hold_ms=stats.picture_hold_ms,
            picture_lag_ms=stats.picture_lag_ms,
            video_latency_ms=stats.video_latency_ms,
            audio_latency_ms=stats.audio_latency_ms,
            av_offset_ms=stats.av_offset_ms,
            rates=party.rates.spans(self._began),
        )


def _together(past: PushStats | None, now: PushStats) -> PushStats:
    """Return the counters of all our streams, and the gauges of the newest."""
    if past is None:
        return now
    return replace(
        now,
        pictures_sent=past.pictures_sent + now.pictures_sent,
        pictures_dropped=past.pictures_dropped + now.pictures_dropped,
        drops={
            reason: past.drops.get(reason, 0) + n for reason, n in now.drops.items()
        },
        sound_dropped=past.sound_dropped + now.sound_dropped,
        bytes_sent=past.bytes_sent + now.bytes_sent,
        braked_ms=past.braked_ms + now.braked_ms,
        muted_ms=past.muted_ms + now.muted_ms,
        microphone_xruns=past.microphone_xruns + now.microphone_xruns,
        reconnects=past.reconnects + now.reconnects,
    )
