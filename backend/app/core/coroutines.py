"""Coroutines of libraries, called from code that waits for them."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def completed(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, wherever it is asked for: inside a running event loop in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[T] = []
    failure: list[BaseException] = []

    def go() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # handed on to who waits
            failure.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
