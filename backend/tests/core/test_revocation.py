"""Lists of revoked certificates: kept while fresh, left out with a reason where they cannot be had."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from app.core import clock, timestamps
from app.core.revocation import LARGEST, Lists
from tests.core.authority import Tsa, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tsa]:
    with running(tmp_path_factory.mktemp("tsa")) as tsa:
        yield tsa


@pytest.fixture
def tsa(shared: Tsa) -> Tsa:
    shared.lists_asked, shared.revoked, shared.spoil_list = 0, False, lambda content: (200, content)
    return shared


def chain(tsa: Tsa) -> list[bytes]:
    return [*timestamps.certificates(tsa.folder / "tsa.pem"), *timestamps.certificates(tsa.roots)]


def test_a_list_is_used_again_until_it_is_no_longer_fresh(tsa: Tsa) -> None:
    lists = Lists()
    # The root is on no list: nobody stands above it.
    (content,), missing = lists.of(chain(tsa))
    assert (missing, tsa.lists_asked) == ([], 1)
    assert lists.of(chain(tsa)) == ([content], [])
    assert tsa.lists_asked == 1
    with time_machine.travel(clock.now() + timedelta(hours=13)):
        (newer,), _ = lists.of(chain(tsa))
        assert newer != content
    assert tsa.lists_asked == 2


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _content: (503, b""), "status 503"),
        (lambda _content: (301, b""), "status 301"),
        (lambda _content: (200, b"<html>"), "is no list"),
        (lambda _content: (200, bytes(LARGEST + 1)), "too large"),
        (lambda content: (200, content[:-20] + bytes(20)), "not signed by"),
    ],
)
def test_what_is_no_list_is_left_out_and_not_asked_for_again_at_once(
    tsa: Tsa, spoil: Callable[[bytes], tuple[int, bytes]], words: str
) -> None:
    lists, tsa.spoil_list = Lists(), spoil
    for _ in range(2):
        found, (reason,) = lists.of(chain(tsa))
        assert found == []
        assert words in reason
    assert tsa.lists_asked == 1
    tsa.spoil_list = lambda content: (200, content)
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        assert lists.of(chain(tsa))[1] == []


def test_a_list_that_is_old_or_names_the_certificate_is_left_out(tsa: Tsa, tmp_path: Path) -> None:
    with time_machine.travel(clock.now() - timedelta(days=30)):
        old = tsa.list()
    tsa.spoil_list = lambda _content: (200, old)
    assert "out of date" in Lists().of(chain(tsa))[1][0]
    tsa.spoil_list, tsa.revoked = lambda content: (200, content), True
    assert "on the list of revoked" in Lists().of(chain(tsa))[1][0]
    with running(tmp_path) as other:
        # Another authority of the same name: its list is not this one's.
        tsa.spoil_list = lambda _content: (200, other.list())
        assert "not signed by" in Lists().of(chain(tsa))[1][0]


def garbled(tsa: Tsa, how: str) -> bytes:
    """A certificate that names no readable address: asn1crypto takes it."""
    (der,) = timestamps.certificates(tsa.folder / "tsa.pem")
    if how == "version":
        return der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020109"))
    if how == "no certificate":
        return bytes.fromhex("3003020101")
    # The extension with the addresses: its sequence has become a number.
    point = bytes.fromhex("0603551d1f04")
    at = der.index(point) + len(point) + 1
    return der[:at] + b"\x02" + der[at + 1 :]


@pytest.mark.parametrize("how", ["version", "no certificate", "extension"])
def test_a_certificate_that_cannot_be_read_costs_its_own_list_alone(tsa: Tsa, how: str) -> None:
    found, (reason,) = Lists().of([garbled(tsa, how), *chain(tsa)])
    assert len(found) == 1
    assert "cannot be read" in reason
