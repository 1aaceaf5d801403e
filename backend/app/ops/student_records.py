"""Imports what every room has registered of a student's whole file, so that whoever makes one has all of it."""

import app.academics.student_records
import app.accounts.student_records
import app.compliance.privacy.student_records
import app.compliance.student_records
import app.content.student_records
import app.documents.student_records
import app.enrollment.student_records
import app.finance.registrations
import app.finance.student_records
import app.lrs.student_records
import app.ops.left_out
import app.web.student_records  # noqa: F401
