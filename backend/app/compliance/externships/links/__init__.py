"""Links by which supervisors confirm a week and evaluate a student, without an account."""
