from __future__ import annotations

import secrets

import pytest

from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.networks import Networks
from kiosk.roomserver.pace import Pace
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.sessions import Sessions, TokenRefused
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.store_ledger import Shelf
from tests.fakes.noting_tables import NotingTables, noting_ledger


def grants_with(max_grants: int = 100) -> tuple[PushGrants, NotingTables]:
    names = (f"s{number}" for number in range(1000))
    ledger, tables = noting_ledger()
    grants = PushGrants(lambda: next(names), ledger, max_grants=max_grants)
    return grants, tables


def test_push_grants_are_bounded_in_all_and_come_free_again() -> None:
    grants, tables = grants_with(max_grants=2)
    for user in ("ann", "bob"):
        assert grants.issue(user, "::1", 0.0)
    assert grants.issue("cyd", "::1", 0.0) is None

    grants.sweep(121.0)

    assert tables.told(Shelf.CUT) == ["s0", "s1"]
    assert len(grants) == 0
    assert not grants.has_from("::1")
    assert grants.issue("cyd", "::1", 121.0)


def test_revoking_twice_is_told_once() -> None:
    grants, tables = grants_with()
    grant = grants.issue("ann", "::1", 0.0)
    assert grant is not None
    grants.issue("ann", "::1", 0.0)

    grants.revoke(grant.stream)
    grants.revoke(grant.stream)

    assert tables.told(Shelf.CUT) == [grant.stream]
    assert grants.has_from("::1")


def test_a_grant_with_a_seat_does_not_expire() -> None:
    grants, tables = grants_with()
    grant = grants.issue("ann", "::1", 0.0)
    assert grant is not None
    grant.room_id = "desk"

    grants.sweep(1e9)

    assert grants.find(grant.stream, 1e9) is grant
    assert not grants.has_unused("ann", 0.0)
    assert tables.told(Shelf.CUT) == []


def test_sessions_are_bounded_and_the_idlest_goes() -> None:
    sessions = Sessions(1, "2", secrets.token_bytes, max_sessions=2)
    tokens = {user: sessions.open(user, now) for now, user in enumerate(["ann", "bob"])}
    sessions.check("ann", tokens["ann"], 5.0)
    sessions.open("cyd", 6.0)

    sessions.check("ann", tokens["ann"], 7.0)
    with pytest.raises(TokenRefused):
        sessions.check("bob", tokens["bob"], 7.0)
    assert len(sessions) == 2


def test_idle_sessions_are_swept() -> None:
    sessions = Sessions(1, "2", secrets.token_bytes, idle_s=10.0)
    sessions.open("ann", 0.0)
    sessions.open("bob", 5.0)

    sessions.sweep(11.0)

    assert len(sessions) == 1


def test_a_token_in_use_is_told_again_before_others_think_it_idle() -> None:
    ledger, tables = noting_ledger()
    sessions = Sessions(1, "2", secrets.token_bytes, ledger, idle_s=1200.0)
    token = sessions.open("ann", 0.0)
    for now in (50.0, 101.0, 150.0, 202.0):
        sessions.check("ann", token, now)

    assert len(tables.followed) == 3


def test_a_pace_forgets_the_key_longest_unused() -> None:
    pace = Pace(1.0, max_keys=2)
    assert pace.allows("a", 0.0)
    assert not pace.allows("a", 0.5)
    assert pace.allows("b", 0.5)
    assert pace.allows("c", 0.5)

    assert pace.allows("a", 0.6)
    assert not pace.allows("c", 0.6)


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        Networks(("10.0.0.1/8",))


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"push_key": b"short"}, "push_key needs at least 16 bytes"),
        ({"play_key": b"short"}, "play_key needs at least 16 bytes"),
        ({"push_key": b"k" * 16, "play_key": b"k" * 16}, "must differ"),
        ({"rtmp_host": "0.0.0.0"}, "set public_host"),
        ({"rtmp_host": "::"}, "set public_host"),
        ({"rtmp_host": ""}, "set public_host"),
        ({"public_host": "a", "public_rtmp": "b:1"}, "leave out public_host"),
        ({"compat_networks": ("x",)}, "x"),
        ({"trusted_networks": ("x",)}, "x"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(
    settings: dict[str, object], cause: str
) -> None:
    with pytest.raises(ValueError, match=cause):
        ServerSettings(**settings)  # type: ignore[arg-type]


def test_members_are_told_a_period_of_which_two_fit_into_the_time_to_be_late() -> None:
    assert ServerSettings().period_s == 7.0
    assert ServerSettings(late_s=5.0).period_s == 2.0


def test_settings_name_the_host_of_stream_urls() -> None:
    public = ServerSettings(rtmp_host="0.0.0.0", public_host="kiosk.example")

    assert public.url_host == "kiosk.example"
    assert ServerSettings(rtmp_host="::1").url_host == "[::1]"
    assert ServerSettings(rtmp_host="localhost").url_host == "localhost"


def test_settings_name_the_address_of_stream_urls() -> None:
    behind_a_proxy = ServerSettings(rtmp_host="::", public_rtmp="tv.example:443")

    assert behind_a_proxy.url_address(1935) == "tv.example:443"
    assert ServerSettings(rtmp_host="::1").url_address(1936) == "[::1]:1936"


def test_settings_carry_the_rules_of_rooms_and_hide_their_keys() -> None:
    settings = ServerSettings(
        capacity=4, creator_leaves=CreatorLeaves.STAY, late_s=30.0, push_key=b"s" * 16
    )

    assert settings.rules.capacity == 4
    assert settings.rules.creator_leaves is CreatorLeaves.STAY
    assert settings.rules.patience.late_s == 30.0
    assert "ssss" not in repr(settings)
