"""What differs between the history and its seals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.core.seals import merkle
from app.core.seals.queries import Seal

Place = tuple[int, int]
Entry = tuple[Place, int, bytes]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was sealed: a sentence, the seal, and the entry if one can be named."""

    sentence: str
    seal: int
    entry: int | None = None


@dataclass(slots=True)
class Compared:
    """Faults in the order of the history, and how many entries stand under seals and behind the last."""

    sealed: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)


def compare(seals: Iterable[Seal], entries: Iterable[Entry], known: dict[int, str]) -> Compared:
    """Read both from beginning to end. `known` is given each seal's number and hash (hexadecimal)."""
    result = Compared()
    rows = _Rows(entries)
    before: Seal | None = None
    for seal in seals:
        known[seal.number] = seal.hash.hex()
        between = rows.until((seal.generation, seal.first_xid))
        missing = _missing(before, seal)
        if missing is not None:
            result.faults.append(missing)
        else:
            result.faults += [
                Fault(f"Entry {entry:,} was added where the history was sealed already.", seal.number, entry)
                for entry, _ in between
            ]
        if _is_changed(before, seal, follows=missing is None):
            result.faults.append(Fault(f"Seal {seal.number:,} itself was changed.", seal.number))
        covered = rows.until((seal.generation, seal.end_xid))
        result.faults += _differences(seal, covered)
        result.sealed += len(between) + len(covered)
        before = seal
    result.unsealed = rows.count_rest()
    return result


class _Rows:
    """The history in its order, read once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries: Iterator[Entry] = iter(entries)
        self._next = next(self._entries, None)

    def until(self, place: Place) -> list[tuple[int, bytes]]:
        """The entries before this place that were not read yet: number and hash."""
        taken = []
        while self._next is not None and self._next[0] < place:
            taken.append(self._next[1:])
            self._next = next(self._entries, None)
        return taken

    def count_rest(self) -> int:
        count = 0
        while self._next is not None:
            count += 1
            self._next = next(self._entries, None)
        return count


def _missing(before: Seal | None, seal: Seal) -> Fault | None:
    expected = before.number + 1 if before else 1
    if seal.number == expected:
        return None
    last = seal.number - 1
    gone = f"Seal {expected:,} is" if last == expected else f"Seals {expected:,} to {last:,} are"
    return Fault(f"{gone} gone.", expected)


def _is_changed(before: Seal | None, seal: Seal, *, follows: bool) -> bool:
    leaves = _split(seal.leaves)
    own = merkle.link(
        seal.number, seal.generation, seal.first_xid, seal.end_xid, seal.entries, seal.root, seal.previous
    )
    if seal.hash != own or len(leaves) != seal.entries or merkle.root(leaves) != seal.root:
        return True
    if not follows:
        return False
    if before is None or before.generation < seal.generation:
        joined = seal.first_xid == 0
    else:
        joined = before.generation == seal.generation and before.end_xid == seal.first_xid
    return not joined or seal.previous != (before.hash if before else b"")


def _differences(seal: Seal, rows: Sequence[tuple[int, bytes]]) -> list[Fault]:
    sealed = _split(seal.leaves)
    if [leaf for _, leaf in rows] == sealed:
        return []
    now, then = {leaf for _, leaf in rows}, set(sealed)
    new = [entry for entry, leaf in rows if leaf not in then]
    gone = sum(leaf not in now for leaf in sealed)
    # Where as many are new as are gone, those were changed; an entry that is left over was added or removed.
    words = (
        "was changed after it was sealed" if len(new) <= gone else "was changed or added after it was sealed"
    )
    faults = [Fault(f"Entry {entry:,} {words}.", seal.number, entry) for entry in new]
    if gone > len(new):
        faults.append(Fault(_removed(rows, sealed, gone - len(new), seal.number), seal.number))
    return faults or [Fault(f"The order of the entries under seal {seal.number:,} was changed.", seal.number)]


def _removed(rows: Sequence[tuple[int, bytes]], sealed: Sequence[bytes], count: int, number: int) -> str:
    places = {leaf: entry for entry, leaf in rows}
    after = None
    for leaf in sealed:
        if leaf not in places:
            break
        after = places[leaf]
    where = f"after entry {after:,}" if after is not None else "before every other"
    if count == 1:
        return f"An entry under seal {number:,} was removed; it stood {where}."
    return f"{count:,} entries under seal {number:,} were removed; the first stood {where}."


def _split(leaves: bytes) -> list[bytes]:
    return [leaves[place : place + 32] for place in range(0, len(leaves), 32)]
