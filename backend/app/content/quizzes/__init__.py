"""Quizzes of written lessons: taken by students, graded by the server alone, and looked at by those who teach."""
