"""Documents as other rooms use them: register a kind, preview a draft, issue it, list what was issued."""

from app.documents.batch import Outcome, issue_all
from app.documents.fixity import LastCheck, check_files, last_check
from app.documents.issue import Draft, issue, preview
from app.documents.keys.service import PRIVATE_KEYS
from app.documents.keys.service import ensure as ensure_keys
from app.documents.kinds import DocumentKind, Offer
from app.documents.kinds import register as register_kind
from app.documents.kinds import title as kind_title
from app.documents.letterhead import Letterhead, LogoImage, long_date
from app.documents.policy import may_issue, may_read, require_issue, require_read
from app.documents.register import Verdict, content, lines, of_student, offers, verify
from app.documents.render.printable import canonical, checked
from app.documents.render.service import render
from app.documents.tables import writer as report_writer

__all__ = [
    "PRIVATE_KEYS",
    "DocumentKind",
    "Draft",
    "LastCheck",
    "Letterhead",
    "LogoImage",
    "Offer",
    "Outcome",
    "Verdict",
    "canonical",
    "check_files",
    "checked",
    "content",
    "ensure_keys",
    "issue",
    "issue_all",
    "kind_title",
    "last_check",
    "lines",
    "long_date",
    "may_issue",
    "may_read",
    "of_student",
    "offers",
    "preview",
    "register_kind",
    "render",
    "report_writer",
    "require_issue",
    "require_read",
    "verify",
]
