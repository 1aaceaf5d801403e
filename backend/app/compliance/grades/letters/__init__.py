"""The academic progress letter as a document."""
