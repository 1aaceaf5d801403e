"""Enrollment agreements: what a student and the school agree to, signed by both, kept for good."""
