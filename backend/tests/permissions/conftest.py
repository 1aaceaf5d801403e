from tests.web.walk import walk

__all__ = ["walk"]
