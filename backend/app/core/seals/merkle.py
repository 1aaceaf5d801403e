"""A hash that stands for a list of entries: the Merkle tree of RFC 6962, section 2.1, over SHA-256.

Whoever changes, removes, adds or moves one entry gets another root. Leaves and nodes are hashed with different first
bytes, so that a node cannot pass for an entry.
"""

from collections.abc import Sequence
from hashlib import sha256

LEAF = b"\x00"
NODE = b"\x01"


def leaf(entry: bytes) -> bytes:
    """The hash of one entry, 32 bytes."""
    return sha256(LEAF + entry).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root, 32 bytes, over the hashes of the entries in their order; of none at all it is SHA-256 of nothing."""
    level = list(leaves)
    if not level:
        return sha256(b"").digest()
    while len(level) > 1:
        pairs = [
            sha256(NODE + level[index] + level[index + 1]).digest() for index in range(0, len(level) - 1, 2)
        ]
        # The last one of an odd number has no neighbor: it goes up as it is.
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def link(
    number: int, generation: int, first: int, end: int, rows: int, root_: bytes, previous: bytes
) -> bytes:
    """The hash of a seal, 32 bytes: what it covers, the root of it, and the seal before (no bytes for the first).

    The seals are a chain by it: whoever rewrites one has to rewrite all that follow.
    """
    words = f"{number}|{generation}|{first}|{end}|{rows}|".encode()
    return sha256(words + root_ + b"|" + previous).digest()
