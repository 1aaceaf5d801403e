"""Issuing credentials, one or a class at a time; revoking and replacing them; reminders before they expire."""
