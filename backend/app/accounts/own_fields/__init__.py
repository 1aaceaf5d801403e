"""Fields that the school has added to the student's file."""
