"""Final grades: submitted, approved and locked, and changed by a second person."""
