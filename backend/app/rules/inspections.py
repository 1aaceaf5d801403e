"""How students are drawn at random for an inspection, so that anybody can repeat the draw."""

import hashlib
from collections.abc import Iterable

RULE = "SHA-256 of seed:student_number, smallest first"
MOST_STUDENTS = 50
"""Complete files in one packet."""


def draw(seed: str, students: Iterable[int], count: int) -> list[int]:
    """`count` of these student numbers, or all of them if they are fewer, in the order of the draw.

    Each number is written behind the seed and a colon (`seed:1234`), and those with the smallest SHA-256 are drawn.
    Whoever knows the seed and the numbers gets the same students with any tool; who does not know the seed cannot
    tell who will be drawn.
    """
    if count < 0:
        raise ValueError("a draw cannot have fewer than no students")
    return [number for number, _ in ranking(seed, students)[:count]]


def ranking(seed: str, students: Iterable[int]) -> list[tuple[int, str]]:
    """Every number with its SHA-256, in the order in which they are drawn."""
    return sorted(
        ((number, _rank(seed, number)) for number in set(students)), key=lambda one: (one[1], one[0])
    )


def _rank(seed: str, number: int) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
