"""A class’s lessons by its students: where each stands, time, and who is stuck."""
