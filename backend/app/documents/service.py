"""Documents as other rooms use them: register a kind, preview a draft, issue it, list what was issued."""

from app.documents.issue import Draft, issue, preview
from app.documents.keys.service import PRIVATE_KEYS, signing_key
from app.documents.keys.service import ensure as ensure_keys
from app.documents.kinds import DocumentKind, Offer
from app.documents.kinds import register as register_kind
from app.documents.kinds import title as kind_title
from app.documents.letterhead import Letterhead, LogoImage, long_date
from app.documents.policy import may_issue, may_read, require_issue, require_read
from app.documents.register import of_student, offers
from app.documents.signing import Signer
from app.documents.tables import signed_list
from app.documents.tables import writer as report_writer

__all__ = [
    "PRIVATE_KEYS",
    "DocumentKind",
    "Draft",
    "Letterhead",
    "LogoImage",
    "Offer",
    "Signer",
    "ensure_keys",
    "issue",
    "kind_title",
    "long_date",
    "may_issue",
    "may_read",
    "of_student",
    "offers",
    "preview",
    "register_kind",
    "report_writer",
    "require_issue",
    "require_read",
    "signed_list",
    "signing_key",
]
