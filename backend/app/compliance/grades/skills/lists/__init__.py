"""The list of skills of each program."""
