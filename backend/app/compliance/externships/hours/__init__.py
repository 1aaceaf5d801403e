"""The hours that students log, day by day."""
