"""Imports what every room has put on offer, so that whoever lists reports has all of them."""

import app.compliance.attendance.offers
import app.compliance.complaints.offers
import app.compliance.offers
import app.compliance.privacy.offers
import app.enrollment.offers
import app.finance.offers  # noqa: F401
