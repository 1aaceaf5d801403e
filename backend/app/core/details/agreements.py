"""Details of enrollment agreements and of the fees of programs."""

from datetime import datetime

from app.core.details.base import Details


class Sent(Details):
    """`number` is that of the document, `shown_sha256` the file that is to be signed."""

    number: str
    shown_sha256: str
    refund_policy: str
    total_cents: int
    cosigner: str | None = None


class Consented(Details):
    number: str
    party: str


class Signed(Details):
    """`shown_sha256` is exactly the file that was shown, `file_sha256` that with the signature in it."""

    number: str
    party: str
    name: str
    ip: str | None
    shown_sha256: str
    file_sha256: str
    cancellation_until: datetime | None = None
    time_stamp: str | None = None


class Superseded(Details):
    number: str
    by: str


class Numbered(Details):
    number: str


class FileChanged(Details):
    """A file that is not what was signed; `expected` and `found` are SHA-256."""

    number: str
    expected: str
    found: str
    times: int | None = None


class LinkSent(Details):
    number: str
    email: str
    expires_at: datetime


class LinkRefused(Details):
    number: str
    why: str
    times: int | None = None


class FeeChanged(Details):
    program_id: int
    kind: str
    name: str
    amount_cents: int
    refundable: bool
    disclosed: bool


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

_AGREEMENT = "enrollment_agreements"
AGREEMENT_CONSENTED = (
    "agreement.consented",
    _AGREEMENT,
    "Agreed to electronic records and signatures",
    Consented,
)
AGREEMENT_COUNTERSIGNED = (
    "agreement.countersigned",
    _AGREEMENT,
    "Enrollment agreement signed for the school",
    Signed,
)
AGREEMENT_EXPIRED = ("agreement.expired", _AGREEMENT, "Enrollment agreement expired unsigned", Numbered)
AGREEMENT_FILE_CHANGED = (
    "agreement.file_changed",
    _AGREEMENT,
    "Changed file of an enrollment agreement refused",
    FileChanged,
)
AGREEMENT_LINK_REFUSED = (
    "agreement_link.refused",
    "agreement_links",
    "Cosigner’s link refused",
    LinkRefused,
)
AGREEMENT_LINK_SENT = ("agreement_link.sent", "agreement_links", "Cosigner’s link sent", LinkSent)
AGREEMENT_OPENED = ("agreement.opened", _AGREEMENT, "Enrollment agreement opened", Numbered)
AGREEMENT_SENT = ("agreement.sent", _AGREEMENT, "Enrollment agreement sent for signature", Sent)
AGREEMENT_SIGNED = ("agreement.signed", _AGREEMENT, "Enrollment agreement signed", Signed)
AGREEMENT_SUPERSEDED = ("agreement.superseded", _AGREEMENT, "Enrollment agreement superseded", Superseded)
AGREEMENT_VOIDED = ("agreement.voided", _AGREEMENT, "Enrollment agreement made void", Numbered)
PROGRAM_FEE_ADDED = ("program_fee.added", "program_fees", "Fee of a program added", FeeChanged)
PROGRAM_FEE_ENDED = ("program_fee.ended", "program_fees", "Fee of a program ended", FeeChanged)
