"""Transcripts for many students at once."""
