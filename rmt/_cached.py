"""A property that is computed once and holds no lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property:  # noqa: N801, a decorator, like property
        """Property whose value is kept in the instance's ``__dict__`` after the first access, without a lock.

        ``functools.cached_property`` of Python 3.11 holds one lock for all instances of a class while it computes:
        threads with unrelated laws wait for each other for ever, and so does the child of a fork. Here threads
        that ask at the same time may all compute, and each of them gets the value that was stored first.
        """

        def __init__(self, function: Callable[[Any], Any]) -> None:
            self.func = function
            self.attrname = function.__name__
            self.__doc__ = function.__doc__
            self.__module__ = function.__module__

        def __set_name__(self, owner: type, name: str) -> None:
            self.attrname = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = self.func(instance)
            if getattr(type(instance), self.attrname) is not self:  # super().name: the value belongs to this call only
                return value
            return instance.__dict__.setdefault(self.attrname, value)
