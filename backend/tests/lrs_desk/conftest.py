"""The scene of `tests/lrs/desk`."""

from tests.lrs.desk.conftest import Scene, make_scene, payloads, scene

__all__ = ["Scene", "make_scene", "payloads", "scene"]
