"""Payers: who pays for students beside themselves."""
