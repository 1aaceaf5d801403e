"""Withdrawals: asked for by the student or recorded by the office, and processed, which ends the enrollment."""
