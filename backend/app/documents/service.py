"""Documents as other rooms use them: register a kind, preview a draft, issue it, list what was issued."""

from app.documents.batch import Outcome, issue_all
from app.documents.codes import ALPHABET as CODE_ALPHABET
from app.documents.codes import LENGTH as CODE_LENGTH
from app.documents.codes import SAMPLE_QR, as_printed, hash_code, make_code, qr_svg, read_code
from app.documents.desk import IssueDesk, IssueDeskDep, IssueForm
from app.documents.fixity import LastCheck, check_files, last_check
from app.documents.issue import Draft, issue, preview
from app.documents.keys.service import (
    PRIVATE_KEYS,
    BadgeKey,
    PublicBadgeKey,
    badge_key,
    badge_keys,
    signing_key,
)
from app.documents.keys.service import ensure as ensure_keys
from app.documents.kinds import DocumentKind, Offer, visible
from app.documents.kinds import register as register_kind
from app.documents.kinds import title as kind_title
from app.documents.letterhead import Letterhead, LogoImage
from app.documents.numbers import ABANDONED_AFTER, UNFINISHED, begin_after
from app.documents.parties import begin as begin_signing
from app.documents.parties import finish as finish_signing
from app.documents.parties import give_up, presented
from app.documents.parties import known as asked_before
from app.documents.parties import sign as sign_party
from app.documents.policy import may_issue, may_read, require_issue, require_read
from app.documents.register import Verdict, content, lines, of_student, offers, verify, void
from app.documents.render.job import FONTS
from app.documents.render.printable import canonical, checked, legible
from app.documents.render.service import render
from app.documents.signing import Signer
from app.documents.tables import signed_list
from app.documents.tables import writer as report_writer
from app.documents.verification import Finding

__all__ = [
    "ABANDONED_AFTER",
    "CODE_ALPHABET",
    "CODE_LENGTH",
    "FONTS",
    "PRIVATE_KEYS",
    "SAMPLE_QR",
    "UNFINISHED",
    "BadgeKey",
    "DocumentKind",
    "Draft",
    "Finding",
    "IssueDesk",
    "IssueDeskDep",
    "IssueForm",
    "LastCheck",
    "Letterhead",
    "LogoImage",
    "Offer",
    "Outcome",
    "PublicBadgeKey",
    "Signer",
    "Verdict",
    "as_printed",
    "asked_before",
    "badge_key",
    "badge_keys",
    "begin_after",
    "begin_signing",
    "canonical",
    "check_files",
    "checked",
    "content",
    "ensure_keys",
    "finish_signing",
    "give_up",
    "hash_code",
    "issue",
    "issue_all",
    "kind_title",
    "last_check",
    "legible",
    "lines",
    "make_code",
    "may_issue",
    "may_read",
    "of_student",
    "offers",
    "presented",
    "preview",
    "qr_svg",
    "read_code",
    "register_kind",
    "render",
    "report_writer",
    "require_issue",
    "require_read",
    "sign_party",
    "signed_list",
    "signing_key",
    "verify",
    "visible",
    "void",
]
