"""Turns: two at once, those that take long beside them, and nobody waits forever."""

import asyncio

import pytest

from app.core.errors import Unavailable
from app.web import turns
from app.web.turns import AT_ONCE, Turns


def test_two_are_at_work_and_one_that_takes_long_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONG_SECONDS", 0.0)

    async def run() -> list[str]:
        told: list[str] = []
        taken = Turns(10)
        leave = asyncio.Event()

        async def request(name: str, after: asyncio.Event | None) -> None:
            async with taken.one():
                told.append(name)
                if after is not None:
                    await after.wait()

        long = [asyncio.create_task(request(f"long {number}", leave)) for number in range(AT_ONCE)]
        await asyncio.sleep(0.01)
        await asyncio.wait_for(request("quick", None), 1)
        leave.set()
        await asyncio.gather(*long)
        return told

    assert asyncio.run(run()) == ["long 0", "long 1", "quick"]


def test_no_more_than_two_at_once_in_the_order_in_which_they_came() -> None:
    async def run() -> tuple[int, list[int]]:
        taken, now, most, order = Turns(10), 0, 0, []

        async def request(number: int) -> None:
            nonlocal now, most
            async with taken.one():
                now += 1
                most = max(most, now)
                order.append(number)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*(request(number) for number in range(20)))
        return most, order

    assert asyncio.run(run()) == (AT_ONCE, list(range(20)))


def test_who_gets_no_turn_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_WAIT_SECONDS", 0.0)

    async def run() -> None:
        taken = Turns(10)
        async with taken.one(), taken.one():
            with pytest.raises(Unavailable) as refused:
                async with taken.one():
                    pass
            assert refused.value.headers["Retry-After"] == "5"

    asyncio.run(run())
