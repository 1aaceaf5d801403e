"""Details of inspections: who inspects, and what they were given."""

from app.core.details.base import Details, Nothing


class Requested(Details):
    """For whom, and how many students; of a draw also what it can be repeated with."""

    inspector: str
    agency: str
    students: int
    seed: str | None = None
    drawn_from: int | None = None


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
