"""Memory that forked processes share."""

import os
import signal

import pytest

from app.core import shared
from app.core.shared import Buckets, Numbers


def in_child(work: object) -> None:
    pid = os.fork()
    if pid == 0:
        work()  # type: ignore[operator]
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the tests' process has threads
def test_what_one_process_writes_another_reads() -> None:
    numbers = Numbers(3)
    in_child(lambda: numbers.__setitem__(1, -7))
    assert [numbers[place] for place in range(3)] == [0, -7, 0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_limit_is_counted_by_all_processes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(shared, "monotonic", lambda: clock)
    buckets = Buckets()
    in_child(lambda: [buckets.take(7, 60) for _ in range(50)])
    assert [buckets.take(7, 60) > 0 for _ in range(12)] == [False] * 10 + [True] * 2
    assert buckets.take(8, 60) == 0, "another key"
    clock += 5
    assert [buckets.take(7, 60) > 0 for _ in range(6)] == [False] * 5 + [True]
    assert buckets.take(7, 120) == 0, "another limit begins anew"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_killed_while_it_counts_holds_nobody_up() -> None:
    buckets = Buckets()
    pid = os.fork()
    if pid == 0:
        with buckets._alone:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert buckets.take(1, 5) == 0


def test_a_full_table_forgets_whoever_was_quiet_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(shared, "monotonic", lambda: clock)
    buckets = Buckets(places=4)
    for number in range(5):
        clock += 1
        buckets.take(number, 1)
    assert buckets.take(4, 1) > 0
    assert buckets.take(0, 1) == 0
