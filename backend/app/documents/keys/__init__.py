"""The school's certificates: kept for good, so that every document can be verified for good."""
