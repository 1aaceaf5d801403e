"""Payers: who pays for students besides themselves."""
