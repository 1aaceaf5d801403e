"""The processes of a running server: one that watches, those that answer, and one that works off jobs."""
