"""What students have passed, and the lists of it."""
