"""Imports what every room has put on offer, so that whoever lists reports has all of them."""

import app.compliance.offers
import app.enrollment.offers
import app.finance.offers  # noqa: F401
