"""What a signature is made of, apart from the library that puts it into a PDF (`pades`)."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

FIELD = "Registrar"

T = TypeVar("T")


class Signer(Protocol):
    """What makes the raw signature: a key of the school's own, a token (PKCS#11), a key service of a cloud."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER encoded."""

    @property
    def issuers(self) -> Sequence[bytes]:
        """The certificates above it, DER encoded, up to the root."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA on P-256 with SHA-256 over `data`, DER encoded."""


def completed(work: Coroutine[Any, Any, T]) -> T:
    """The result of pyHanko's work, wherever it is asked for: inside a running event loop in a thread of its own."""
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
