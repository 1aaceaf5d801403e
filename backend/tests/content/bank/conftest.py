"""The quizzes' fixtures, for what becomes of answers when a key is corrected."""

from tests.content.quizzes.conftest import quiz_of, take, time

__all__ = ["quiz_of", "take", "time"]
