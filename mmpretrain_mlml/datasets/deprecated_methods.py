"""Methods that ``MissingLabelDataset.load_labels`` replaces; they keep working in subclasses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..deprecation import warn_renamed
from ..labels import LabelError, LabelList, ParsedLabels
from ..labels.deprecated import Examination


class DeprecatedLabelMethods:
    """Translates between ``load_labels`` and the methods that it replaces.

    A subclass that overrides ``read_labels`` or ``examine_labels`` gets a ``load_labels`` that calls
    its method. A subclass that defines ``load_labels`` gets both methods; they are bound to its own
    ``load_labels``, so that they can be called through ``super()``.
    """

    load_labels: Callable[..., ParsedLabels]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if DeprecatedLabelMethods in cls.__bases__:
            return
        new = _definer(cls, 'load_labels')
        reads = _definer(cls, 'read_labels') < new
        examines = _definer(cls, 'examine_labels') < new
        methods: dict[str, Callable[..., Any]] = {}
        if examines:
            methods['load_labels'] = _load_by_examining(cls.examine_labels)
        elif reads:
            methods['load_labels'] = _load_by_reading(cls.read_labels)
        load_labels = methods.get('load_labels', cls.load_labels)
        if new == 0 or (examines and not reads):
            methods['read_labels'] = _bound_read(load_labels)
        if new == 0:
            methods['examine_labels'] = _bound_examine(load_labels)
        if reads or examines:
            old = 'examine_labels()' if examines else 'read_labels()'
            warn_renamed(f'{cls.__name__}.{old}', 'load_labels(), which returns ParsedLabels')
        for name, method in methods.items():
            if name not in vars(cls):
                setattr(cls, name, method)

    def read_labels(self) -> LabelList:
        """Return ``load_labels().require_no_problems()``."""
        return _bound_read(type(self).load_labels)(self)

    def examine_labels(self) -> Examination:
        """Return ``load_labels()``."""
        return _bound_examine(type(self).load_labels)(self)


def _definer(cls: type, name: str) -> int:
    """Return how far up the inheritance a method is defined; 0 for the class itself."""
    return next(index for index, base in enumerate(cls.__mro__) if name in vars(base))


def _load_by_reading(read_labels: Callable[..., LabelList]) -> Callable[..., ParsedLabels]:
    def load_labels(self: Any) -> ParsedLabels:
        try:
            labels = LabelList(*read_labels(self))
        except LabelError as problem:
            return ParsedLabels.unreadable(problem)
        return ParsedLabels(labels, lambda index: labels.names[index], [])

    return load_labels


def _load_by_examining(examine_labels: Callable[..., tuple]) -> Callable[..., ParsedLabels]:
    def load_labels(self: Any) -> ParsedLabels:
        return ParsedLabels(*examine_labels(self))

    return load_labels


def _bound_read(load_labels: Callable[..., ParsedLabels]) -> Callable[..., LabelList]:
    def read_labels(self: Any) -> LabelList:
        warn_renamed('read_labels()', 'load_labels().require_no_problems()')
        return load_labels(self).require_no_problems()

    return read_labels


def _bound_examine(load_labels: Callable[..., ParsedLabels]) -> Callable[..., Examination]:
    def examine_labels(self: Any) -> Examination:
        warn_renamed('examine_labels()', 'load_labels()')
        return Examination(*load_labels(self))

    return examine_labels
