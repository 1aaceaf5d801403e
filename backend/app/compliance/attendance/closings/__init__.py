"""Closing a period: the hours up to a day become final, and the database holds it."""
