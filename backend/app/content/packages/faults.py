"""All that is wrong with a manifest, said at once."""

from app.core.errors import FieldError, Invalid

_MOST = 100


class Faults:
    """What a reader of one manifest has found wrong with it so far."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._sentences: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def add(self, sentence: str) -> None:
        self._sentences.append(sentence)

    def refuse(self) -> None:
        """Raises Invalid with every fault, each with the file it is in, if there is one."""
        if not self._sentences:
            return
        number = len(self._sentences)
        raise Invalid(
            self._sentences[0] if number == 1 else f"{self._file_name} has {number} faults.",
            errors=[FieldError(self._file_name, sentence) for sentence in self._sentences[:_MOST]],
        )
