"""The end of a withdrawal: what processing does, in one transaction."""
