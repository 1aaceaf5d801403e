"""Who may void what; the standard leaves it to the LRS (1.0.3 Data 2.3.2).

A launch voids only what it has stored itself. Statements on the host's own authority are its records of what happened,
and are voided on its own word alone: a voiding by anybody else is refused, and one that came before its target, when
nobody could know whose it would be, has no effect.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.lrs.engine import jsonio
from app.lrs.engine.operations import Operation, Query
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import queries
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.packing import unpack
from app.lrs.engine.statements.preparation import Prepared
from app.lrs.engine.statements.references import Waiting


@dataclass(slots=True)
class VoidingRules:
    """What one batch of submissions may void. `is_own` says whether an authority is the host's own."""

    is_own: Callable[[str], bool]
    _foreign: set[tuple[int | None, str]] = field(default_factory=set)
    """(API key, id of a statement that it wants to void and did not store)."""
    _protected: set[str] = field(default_factory=set)
    """Ids of statements on the host's own authority."""
    _own_keys: set[int] = field(default_factory=set)
    """Keys of the batch's statements on the host's own authority."""

    def look_up(self, author: Author, statements: Sequence[Prepared]) -> Operation[None]:
        """Learn what the voiding statements of a submission point at."""
        targets = [one.target for one in statements if one.voids and one.target]
        if not targets:
            return
        if author.voids_own_only:
            rows = yield Query(queries.NOT_OF, (targets, author.credential_id))
            self._foreign.update((author.credential_id, row[0]) for row in rows)
        elif not self.is_own(author.identity):
            rows = yield Query(queries.AUTHORITIES_WITHOUT_KEY, (targets,))
            self._protected.update(name for name, kept in rows if self._is_on_own_authority(kept))

    def refusal(self, author: Author, prepared: Prepared, path: str) -> Refusal | None:
        """Why this statement may not be stored, if it voids what it may not."""
        if not prepared.voids or prepared.target is None:
            return None
        if (author.credential_id, prepared.target) in self._foreign:
            detail = "This API key may void only statements that it has stored itself."
        elif prepared.target in self._protected and not self.is_own(author.identity):
            detail = (
                f"The statement {prepared.target} was recorded by the system itself, and only the system may void it."
                " Nothing of this request was stored."
            )
        else:
            return None
        return Refusal(detail, path=path, status=403)

    def accept(self, author: Author, prepared: Prepared) -> None:
        """Take note of a statement that will be stored."""
        if self.is_own(author.identity):
            self._protected.add(prepared.statement_id)

    def arrive(
        self, key: int, author: Author, prepared: Prepared, referrers: Mapping[int, Waiting]
    ) -> Operation[bool]:
        """Take in a statement with its key; whether one that came before has voided it already."""
        own = self.is_own(author.identity)
        if own:
            self._own_keys.add(key)
        voiders = [] if prepared.voids else [referrer for referrer, how in referrers.items() if how.voids]
        if not voiders or not own or not self._own_keys.isdisjoint(voiders):
            return bool(voiders)
        rows = yield Query(queries.AUTHORITIES_OF, (voiders,))
        return any(self._is_on_own_authority(kept) for (kept,) in rows)

    def effective(self, author: Author, target: str) -> bool:
        """Whether the voiding of a target that is in the database when all are written has an effect."""
        return target not in self._protected or self.is_own(author.identity)

    def _is_on_own_authority(self, kept: bytes) -> bool:
        authority = jsonio.loads(unpack(kept)).get("authority")
        return authority is not None and self.is_own(identity(authority) or "")
