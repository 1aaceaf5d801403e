"""Statements for the tests, built on each call so that a test may spoil its own."""

from typing import Any
from uuid import uuid4

Json = dict[str, Any]


def statement(**changes: Any) -> Json:
    """A full, valid statement; keyword arguments replace top-level properties, None removes one."""
    whole: Json = {
        "id": str(uuid4()),
        "actor": {"objectType": "Agent", "name": "Ana Ruiz", "mbox": "mailto:ana@school.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en-US": "completed"}},
        "object": {
            "objectType": "Activity",
            "id": "https://school.example/lessons/radiography-1",
            "definition": {
                "name": {"en-US": "Radiography 1", "es": "Radiografía 1"},
                "type": "http://adlnet.gov/expapi/activities/lesson",
            },
        },
        "result": {
            "score": {"scaled": 0.9, "raw": 90, "min": 0, "max": 100},
            "success": True,
            "completion": True,
            "duration": "PT12M30.5S",
        },
        "context": {
            "registration": str(uuid4()),
            "contextActivities": {"parent": [{"id": "https://school.example/modules/radiography"}]},
            "language": "en-US",
        },
        "timestamp": "2026-11-22T10:00:00.123Z",
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not None}
