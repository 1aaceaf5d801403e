"""The end of an enrollment: completed, or withdrawn."""
