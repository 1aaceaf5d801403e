"""Details of what happens to transcripts, their requests and holds."""

from typing import Literal

from app.core.details.base import Details

Delivery = Literal["link", "mail", "paper"]


class Issued(Details):
    number: str
    program_id: int
    sha256: str


class Copied(Details):
    """An unofficial copy, which is not kept."""

    program_id: int


class HoldLifted(Details):
    note: str | None = None


class Requested(Details):
    delivery: Delivery
    recipient: str


class Decided(Details):
    """A request that was fulfilled, with the number, or declined or canceled."""

    number: str | None = None


class Delivered(Details):
    number: str
    delivery: Delivery
    recipient: str


class LinkOpened(Details):
    """Somebody opened a link; `downloaded` says that they took the file."""

    number: str
    recipient: str
    downloaded: bool


class BatchAsked(Details):
    title: str
    count: int


class BatchEnded(Details):
    issued: int
    refused: int


class FilesChecked(Details):
    """Every byte of every issued file was read: how many, and what was wrong."""

    files: int
    size_bytes: int
    faults: list[str]
    """The first ones, as sentences."""
    fault_count: int


class ClosureDownloaded(Details):
    sha256: str


class ClosureExported(Details):
    """The archive of the whole school, as it left: what is in it, and what could not be put into it."""

    students: int
    transcripts: int
    record_copies: int
    credentials: int
    missing: int
    sha256: str


# The actions themselves: value, table, sentence, details

DOCUMENTS_CHECKED = (
    "documents.checked",
    "issued_documents",
    "Issued files compared with the register",
    FilesChecked,
)
TRANSCRIPTS_ASKED = (
    "transcripts.asked",
    "transcript_batches",
    "Many transcripts requested",
    BatchAsked,
)
TRANSCRIPTS_ENDED = (
    "transcripts.ended",
    "transcript_batches",
    "Many transcripts issued",
    BatchEnded,
)
TRANSCRIPT_COPIED = (
    "transcript.copied",
    "enrollments",
    "Unofficial transcript created",
    Copied,
)
TRANSCRIPT_DELIVERED = (
    "transcript.delivered",
    "transcript_deliveries",
    "Transcript sent",
    Delivered,
)
TRANSCRIPT_ISSUED = "transcript.issued", "transcripts", "Transcript issued", Issued
TRANSCRIPT_LINK_OPENED = (
    "transcript.link_opened",
    "transcript_deliveries",
    "Transcript opened by its recipient",
    LinkOpened,
)
TRANSCRIPT_LINK_REVOKED = (
    "transcript.link_revoked",
    "transcript_deliveries",
    "Transcript link revoked",
    Delivered,
)
TRANSCRIPT_HOLD_LIFTED = (
    "transcript_hold.lifted",
    "transcript_holds",
    "Transcript hold lifted",
    HoldLifted,
)
TRANSCRIPT_HOLD_SET = "transcript_hold.set", "transcript_holds", "Transcript hold placed"
TRANSCRIPT_REQUESTED = (
    "transcript.requested",
    "transcript_requests",
    "Transcript requested",
    Requested,
)
TRANSCRIPT_REQUEST_CANCELED = (
    "transcript_request.canceled",
    "transcript_requests",
    "Transcript request canceled",
    Decided,
)
TRANSCRIPT_REQUEST_DECLINED = (
    "transcript_request.declined",
    "transcript_requests",
    "Transcript request declined",
    Decided,
)
TRANSCRIPT_REQUEST_FULFILLED = (
    "transcript_request.fulfilled",
    "transcript_requests",
    "Transcript request fulfilled",
    Decided,
)
CLOSURE_DOWNLOADED = (
    "closure.downloaded",
    "closure_archives",
    "Closure archive downloaded",
    ClosureDownloaded,
)
CLOSURE_EXPORTED = ("closure.exported", "closure_archives", "Closure archive made", ClosureExported)
CLOSURE_FAILED = ("closure.failed", "closure_archives", "Closure archive could not be made")
CLOSURE_REQUESTED = ("closure.requested", "closure_archives", "Closure archive requested")
