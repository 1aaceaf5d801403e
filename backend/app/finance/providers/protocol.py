"""What a payment provider is to the system."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID


class ProviderFailed(Exception):
    """The provider did not do what was asked; the message says what is known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payment to take: cents in US dollars, and what the student reads."""

    request: UUID
    amount_cents: int
    description: str
    email: str
    back: str
    """Where the provider sends the student afterwards, paid or not."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The provider's page for one payment."""

    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Event:
    """A message of the provider, verified. `kind` is what it means here.

    paid: money came in. failed: it did not. taken_back: a refund or dispute, which a person looks at. other: nothing.
    """

    id: str
    type: str
    kind: Literal["paid", "failed", "taken_back", "other"]
    session_id: str | None = None
    request: str | None = None
    amount_cents: int | None = None
    currency: str | None = None
    reference: str | None = None
    thing: str | None = None
    """Of taken_back: the provider's name for the charge, refund or dispute that the message is about."""
    same: tuple[str, ...] = ()
    """Of taken_back: the types that report the same of the same thing, so that one of them waits for the bursar. The
    last word on it takes the place of every other, whatever came first."""
    last_word: str | None = None
    """Of taken_back: the type among `same` that says how it ended."""

    @property
    def about(self) -> str | None:
        """The money and what happened to it, as the message is kept: two refunds of one payment are two things."""
        return f"{self.reference} {self.thing}" if self.reference and self.thing else self.reference


class Provider(Protocol):
    """One provider of payments."""

    name: str
    smallest_cents: int
    largest_cents: int

    def open(self, wanted: Wanted) -> Opened:
        """Have a page made for one payment; the same request gives the same page. Raises ProviderFailed."""
        ...

    def event(self, body: bytes, headers: Mapping[str, str], now: float) -> Event:
        """A message as it was sent, verified. Raises ValueError with a sentence where the provider did not send it."""
        ...
