"""Requests for transcripts, and the log of what was given to whom."""
