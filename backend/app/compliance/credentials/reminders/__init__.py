"""Reminders of credentials that expire."""
