"""Details of what the system does, and of what happens in the learning record store."""

from datetime import datetime
from typing import Any, Literal

from app.core.details.base import Details, Labeled

# Files, mail, the demo school


class FilesSwept(Details):
    files: int
    size_bytes: int
    partial: int


class StorageFilling(Details):
    """The mark that was passed in percent of the quota, and the bytes behind it."""

    percent: int
    used_bytes: int
    quota_bytes: int


class FileInfected(Details):
    """What the scanner calls it, and where the file was sent to. Nothing of the file was kept."""

    signature: str
    route: str | None = None
    method: str | None = None
    times: int = 1
    """How many such files the entry stands for."""


class AccessRefused(Details):
    """A request that was refused, by its route; never the address as it was typed."""

    kind: Literal["forbidden", "hidden", "cross_site", "many"]
    """Not allowed; a record that the person may not know of; sent by another site; so much that it was folded."""
    route: str | None = None
    method: str | None = None
    table: str | None = None
    record: str | None = None
    """The hidden record."""
    origin: str | None = None
    """The other site."""
    times: int = 1
    """How many refusals of this kind the entry stands for."""


class HistoryVerified(Details):
    """How many entries stand under how many seals, and the first faults in words; none when all is as it was."""

    entries: int
    seals: int
    faults: list[str]


class DataPurged(Details):
    """One run of the purge: how many of each kind went, by which version of the policy, and which kinds could not."""

    policy_version: int
    removed: dict[str, int]
    failed: list[str]


class MailPurged(Details):
    """As recorded until the nightly purge counted messages too."""

    messages: int
    before: datetime


class MailRead(Details):
    to: str
    subject_line: str


class MailRetried(Details):
    to: str


class ReportExported(Details):
    """A list with people's names that was taken out: the format, the number of rows, the filters by label."""

    format: str
    rows: int
    filters: dict[str, Any] | None = None


class SecurityAlerted(Details):
    """How many failures there were in the hour before."""

    failures: int
    refusals: int


class FileSent(Details):
    """A file of records: what they are (`people`, `enrollments`), and what the file was called."""

    kind: str
    file_name: str


class FileImported(FileSent):
    """How many of its rows became records, and how many were left out."""

    imported: int
    left_out: int


class FileImportUndone(FileSent):
    """The keys of the records that were taken away."""

    records: list[int]


class TotalsChecked(Details):
    """How many totals differ from the records they are added up from, and the first of them in words."""

    differences: int
    named: list[str]


class ChecksCompleted(Details):
    """The outcome of the checks of an installation: what is not ok, and what administrators were mailed about."""

    looked_at: int
    findings: list[dict[str, str]]
    """check, level, says, do."""
    alerted: list[str]


class BackupFailed(Details):
    """Why the system could not make a backup by itself; the next one that can be made says nothing."""

    reason: str


class RestoreTried(Details):
    """A restore that was made to see whether it works, with figures; `fault` is a sentence, or None."""

    backup: str | None
    fault: str | None
    restored_to: datetime | None
    recovery_seconds: float
    """From the decision to restore to a database that answers, its files beside it."""
    loss_seconds: float | None
    """How long what is committed takes to be in the backup: what a lost machine would have lost."""
    tables: int
    rows: int
    documents: int
    """How many issued documents and transcripts were compared."""


class ProxyNotTrusted(Details):
    """The address in the school's network that sent X-Forwarded-For and was not believed."""

    address: str


class SecretsGivenUp(Details):
    """What can no longer be opened and was replaced."""

    kind: str


class SecretsResealed(Details):
    """What was sealed again, how many, and under which key, by its name."""

    kind: str
    count: int
    key: str


class SecretKeyUsed(Details):
    """The name of the key, from which nothing of it follows."""

    key: str


class SchoolSeeded(Details):
    students: int


# Learning record store


class AttachmentDownloaded(Details):
    sha2: str
    name: str


class StatementsExported(Details):
    """The format and the filters asked for."""

    format: str
    person: str | None = None
    verb: str | None = None
    activity: str | None = None
    since: str | None = None
    until: str | None = None
    registration: str | None = None


class StatementImportBegun(Details):
    file_name: str


class ImportRemoved(Details):
    file_name: str
    status: str
    stored: int
    known: int
    refused: int


class KeyCreated(Details):
    label: str
    scopes: list[str]


class KeyRevoked(Details):
    label: str
    kind: str


class ForwarderChanged(Details):
    endpoint: str


# What happens to API keys of the LRS and to secrets, as `app.core.actions` takes it: value, table, sentence, details.

XAPI_CREDENTIAL_CREATED = (
    "xapi_credential.created",
    "xapi_credentials",
    "LRS API key created",
    KeyCreated,
)
XAPI_CREDENTIAL_REVOKED = (
    "xapi_credential.revoked",
    "xapi_credentials",
    "LRS API key revoked",
    KeyRevoked,
)
XAPI_CREDENTIAL_ROTATED = (
    "xapi_credential.rotated",
    "xapi_credentials",
    "LRS API key secret replaced",
    Labeled,
)
SECRETS_GIVEN_UP = ("secrets.given_up", "installation", "Lost secrets abandoned", SecretsGivenUp)
SECRETS_RESEALED = (
    "secrets.resealed",
    "installation",
    "Secrets sealed under another key",
    SecretsResealed,
)
SECRET_KEY_FIRST_USED = (
    "secret_key.first_used",
    "installation",
    "Secret key used for the first time",
    SecretKeyUsed,
)

ATTACHMENT_DOWNLOADED = (
    "attachment.downloaded",
    "xapi_statements",
    "Attachment downloaded",
    AttachmentDownloaded,
)

ATTENDANCE_TOTALS_CHECKED = (
    "attendance.totals_checked",
    "attendance_days",
    "Attendance totals compared with the records",
    TotalsChecked,
)

HISTORY_VERIFIED = (
    "history.verified",
    "audit_log",
    "History compared with its seals",
    HistoryVerified,
)

IMPORT_DISCARDED = (
    "import.discarded",
    "data_imports",
    "Import canceled",
    FileSent,
)

LRS_ROLLUPS_CHECKED = (
    "lrs.rollups_checked",
    "xapi_rollup_state",
    "Sums of statements compared with the statements",
    TotalsChecked,
)

PROXY_NOT_TRUSTED = (
    "proxy.not_trusted",
    "installation",
    "Request through an unknown proxy",
    ProxyNotTrusted,
)

STORAGE_FILLING = (
    "storage.filling",
    "stored_files",
    "File storage is running low",
    StorageFilling,
)

STATEMENTS_EXPORTED = (
    "statements.exported",
    "xapi_statements",
    "Statements exported",
    StatementsExported,
)

STATEMENTS_IMPORT_BEGUN = (
    "statements.import_begun",
    "xapi_imports",
    "Statement import started",
    StatementImportBegun,
)

STATEMENTS_IMPORT_REMOVED = (
    "statements.import_removed",
    "xapi_imports",
    "Statement import removed",
    ImportRemoved,
)

BACKUP_FAILED = "backup.failed", "installation", "Backup failed", BackupFailed
RESTORE_TRIED = "restore.tried", "installation", "Restore drill completed", RestoreTried
