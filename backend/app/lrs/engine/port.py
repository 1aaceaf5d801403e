"""What the engine asks of the system it serves, and all that it knows of it.

The engine is the xAPI standard. Which keys there are, and which agents are people with an account, is the host's
business: it answers with operations that run on the engine's own connections, in the transaction that asks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from app.core.files import FileStore
from app.lrs.engine.operations import Operation


@dataclass(slots=True, frozen=True)
class KeyRecord:
    """An API key as it is kept, whether or not it still works."""

    id: int
    secret_hash: str
    """SHA-256 of the secret, 64 hex digits."""
    scopes: frozenset[str]
    authority: dict[str, Any]
    """The Agent on whose word its statements are stored."""
    agent: str | None
    """For a launch: identity of the one actor it may write about."""
    activity: str | None
    """For a launch: IRI of what its content was launched for."""
    registration: str | None
    """For a launch: the one registration whose State it may name."""
    limit: int | None
    """Requests a minute; None for any number."""
    has_ended: bool
    """Whether it has been revoked or has expired."""
    is_use_unrecorded: bool
    """Whether its last use should be recorded."""


class People(Protocol):
    """What the host knows of agents."""

    def accounts_of(self, identities: Collection[str]) -> Operation[dict[str, int]]:
        """Numbers of the accounts that these identities (`mbox::…`, `account::…`, as `actors.identity` makes them)
        stand for; those that are nobody's are left out."""

    def is_own_authority(self, identity: str) -> bool:
        """Whether statements on this authority are the host's own records, which nobody else may void."""


class Port(People, Protocol):
    """The host of an engine."""

    @property
    def database_url(self) -> str:
        """Where statements are kept, as libpq reads it."""

    @property
    def files(self) -> FileStore:
        """Where the bytes of attachments are kept."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The first signs the engine's `more` links; links that the others signed are followed too."""

    def find_key(self, key: str) -> Operation[KeyRecord | None]:
        """The API key of this name, None when there is none."""

    def count_failure(self, address: str | None) -> Operation[tuple[int, str] | None]:
        """Count a wrong key or secret from this network address. Seconds to wait and the sentence beyond the limit,
        None below it."""

    def admit(self, files: Sequence[BinaryIO], address: str | None) -> None:
        """Let attachments from this network address into the file store, or raise `Refusal`: for a virus, say. Called
        in a thread, before any of them is kept."""

    def record_key_use(self, key_id: int) -> Operation[None]:
        """Note that a key is in use now."""
