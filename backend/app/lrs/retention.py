"""What of the learning record store goes after a while."""

from app.core import retention
from app.core.retention import Kind, Rows
from app.db.models import XapiImport

_imports = Rows(
    XapiImport.__table__,
    lambda before: XapiImport.status.in_(("done", "failed")) & (XapiImport.created_at < before),
    # Whose statements are in a file, nobody has noted: it stays while any student's records are held.
    about=lambda students: students.exists(),
)

retention.register(
    Kind(
        "statement_imports",
        "Reports on imported statement files",
        "Which files of statements were taken in, and why some of their lines were refused. The statements stay.",
        180,
        45,
        retention.ANSWER_TIME,
        _imports.due,
        _imports.purge,
        ("xapi_imports",),
    )
)
retention.keep(
    "Statements",
    "They are learning records, and in xAPI they are voided, never deleted. Keys stay because statements name the one "
    "they were written with, and refused ones until a person decides about them.",
    "xapi_statements",
    "xapi_statement_activities",
    "xapi_statement_actors",
    "xapi_statement_refs",
    "xapi_activities",
    "xapi_actors",
    "xapi_attachments",
    "xapi_documents",
    "xapi_credentials",
    "xapi_forwarders",
    "xapi_dead_letters",
)
retention.keep(
    "Sums of the charts",
    "They are added up from the statements, which stay.",
    "xapi_rollup_attempts",
    "xapi_rollup_changes",
    "xapi_rollup_parts",
    "xapi_rollup_places",
    "xapi_rollup_quarters",
    "xapi_rollup_state",
    "xapi_rollup_verbs",
)
