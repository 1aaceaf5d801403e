"""The door to externships: what other rooms, desks and commands may ask."""

from app.compliance.externships import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.externships import requirement as _requirement  # noqa: F401 - graduation asks about them
from app.compliance.externships.placements.service import (
    count_waiting,
    externships_of,
    lines_of,
    list_externships,
    own_disputes,
    verified_minutes,
)
from app.compliance.externships.policy import may_list
from app.compliance.externships.sites.service import count_ending, list_sites
from app.compliance.externships.verification.service import compare

__all__ = [
    "compare",
    "count_ending",
    "count_waiting",
    "externships_of",
    "lines_of",
    "list_externships",
    "list_sites",
    "may_list",
    "own_disputes",
    "verified_minutes",
]
