"""Homes of their own."""

from tests.servers.conftest import home, make_home, only_embedded

__all__ = ["home", "make_home", "only_embedded"]
