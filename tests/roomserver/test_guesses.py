from __future__ import annotations

import pytest

from kiosk.roomserver.guesses import Guesses, Secret
from kiosk.roomserver.networks import neighbourhood


def exhausted(now: list[float], address: str = "192.0.2.7") -> Guesses:
    guesses = Guesses(lambda: now[0])
    for _ in range(5):
        assert guesses.wait_s(Secret.PASSWORD, address) == 0.0
        guesses.wrong(Secret.PASSWORD, address)
    return guesses


def test_after_five_wrong_guesses_one_waits_for_the_rest_of_the_minute() -> None:
    now = [100.0]
    guesses = exhausted(now)

    now[0] = 120.0
    assert guesses.wait_s(Secret.PASSWORD, "192.0.2.7") == 40.0
    now[0] = 160.0
    assert guesses.wait_s(Secret.PASSWORD, "192.0.2.7") == 0.0


def test_a_new_minute_grants_five_again() -> None:
    now = [0.0]
    guesses = exhausted(now)
    now[0] = 60.0
    guesses.wrong(Secret.PASSWORD, "192.0.2.7")

    assert guesses.wait_s(Secret.PASSWORD, "192.0.2.7") == 0.0


@pytest.mark.parametrize(
    ("secret", "address", "user_id"),
    [
        (Secret.PASSWORD, "192.0.2.8", ""),
        (Secret.TOKEN, "192.0.2.7", ""),
        (Secret.PASSWORD, "192.0.2.7", "alice"),
    ],
)
def test_another_place_secret_or_user_is_another_guesser(
    secret: Secret, address: str, user_id: str
) -> None:
    assert exhausted([0.0]).wait_s(secret, address, user_id) == 0.0


def test_the_addresses_of_one_ipv6_network_are_one_guesser() -> None:
    guesses = exhausted([0.0], "2001:db8:1:2::1")

    assert guesses.wait_s(Secret.PASSWORD, "2001:db8:1:2:dead:beef::9") > 0
    assert guesses.wait_s(Secret.PASSWORD, "2001:db8:1:3::1") == 0.0


def test_guessers_are_bounded_and_the_quietest_is_forgotten() -> None:
    guesses = Guesses(lambda: 0.0, limit=1, max_guessers=100)
    for number in range(300):
        guesses.wrong(Secret.PASSWORD, f"10.0.{number // 250}.{number % 250}")

    assert len(guesses) == 100
    assert guesses.wait_s(Secret.PASSWORD, "10.0.0.0") == 0.0
    assert guesses.wait_s(Secret.PASSWORD, "10.0.1.49") > 0


def test_guesses_at_one_secret_make_none_at_another_forgotten() -> None:
    guesses = exhausted([0.0])
    for number in range(5000):
        guesses.wrong(Secret.ENROLMENT_KEY, "192.0.2.7", f"kiosk-{number}")

    assert guesses.wait_s(Secret.PASSWORD, "192.0.2.7") > 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_place_is_an_address_or_the_network_a_host_chooses_its_address_in(
    address: str, place: str
) -> None:
    assert neighbourhood(address) == place
