"""Notes about a student, each for the duties that are named in it."""
