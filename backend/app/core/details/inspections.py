"""Details of inspections: who inspects, and what they were given."""

from app.core.details.base import Details, Nothing


class Requested(Details):
    """For whom, and how many students; of a draw also what it can be repeated with."""

    inspector: str
    agency: str
    students: int
    seed: str | None = None
    drawn_from: int | None = None


class Drawn(Details):
    """One draw as it was shown: with the seed and the students to draw from it can be repeated."""

    seed: str
    among: str
    drawn_from: int
    students: list[int]


class Prepared(Details):
    """The packet as it can be downloaded."""

    inspector: str
    agency: str
    students: int
    sha256: str


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

INSPECTION_DOWNLOADED = (
    "inspection.downloaded",
    "inspection_packets",
    "Packet for an inspection downloaded",
    Prepared,
)
INSPECTION_DRAWN = (
    "inspection.drawn",
    "inspection_packets",
    "Students drawn at random for an inspection",
    Drawn,
)
INSPECTION_FAILED = (
    "inspection.failed",
    "inspection_packets",
    "Packet for an inspection could not be made",
    Nothing,
)
INSPECTION_PREPARED = (
    "inspection.prepared",
    "inspection_packets",
    "Packet for an inspection ready",
    Prepared,
)
INSPECTION_REQUESTED = ("inspection.requested", "inspection_packets", "Inspection started", Requested)
