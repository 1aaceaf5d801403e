"""Getting in with a factor, and proving once more who is there."""
