"""The roster of a class meeting: who was there, as the instructor marks it, and the hours that follow."""
