"""Objects that keep what they were made with."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from dataclasses import FrozenInstanceError
from typing import Any


class _FrozenMeta(ABCMeta):
    """Marks an instance as finished once all of its ``__init__`` have run."""

    @property
    def __signature__(cls) -> inspect.Signature:
        """What ``help`` and editors show: the arguments of ``__init__``, not those of :meth:`__call__`."""
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return inspect.Signature()
        _, *arguments = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
        return inspect.Signature(arguments)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__call__(*args, **kwargs)
        instance.__dict__["_finished"] = True
        return instance


class Frozen(metaclass=_FrozenMeta):
    """Base of public objects whose attributes cannot be set after construction, as those of a frozen dataclass.

    What they have computed is kept beside their arguments, so that a changed argument would leave old answers.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_change(name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_change(name)
        object.__delattr__(self, name)

    def _refuse_change(self, name: str) -> None:
        if "_finished" in self.__dict__:
            raise FrozenInstanceError(
                f"{name!r} of a {type(self).__name__} cannot be changed: what it has computed would no longer hold; "
                "make a new one with the arguments you want"
            )
