"""Legal names with their dates: changes, requests of students, and which name counted on a day."""
