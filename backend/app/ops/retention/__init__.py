"""The nightly purge: what is due by the school's policy goes, and nothing else does.

Imports what every room has registered, so that whoever works with the policy knows all kinds.
"""

import app.academics.retention
import app.accounts.retention
import app.compliance.retention
import app.content.retention
import app.core.history
import app.core.jobs
import app.core.limits
import app.core.log_files
import app.core.mail
import app.documents.retention
import app.enrollment.retention
import app.finance.retention
import app.lrs.retention
import app.ops.retention.kept
import app.projections.retention
import app.school.retention
import app.web.imports.retention  # noqa: F401
