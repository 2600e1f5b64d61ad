"""What the registries know by name: the classes that a ``type`` in a config may mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mmengine.registry
import mmpretrain.registry
from mmengine.registry import Registry
from mmengine.utils import get_object_from_string

# What those who build a part take out of its config before its class sees it, by registry.
_TAKEN_OUT = {
    'hook': {'priority'},
    'model': {'pretrained', 'requires_grad'},  # of networks inside others, of norm_cfg
    'optim_wrapper': {'constructor', 'optimizer', 'paramwise_cfg'},
    'parameter scheduler': {'convert_to_iter_based'},
    'transform': {'magnitude_key'},  # of the policies of an automatic augmentation
    'weight initializer': {'override'},
}
# Registries by place. Elsewhere a name may be in any.
_PLACES = {
    r'(.*\.)?dataset': 'dataset',
    r'(.*\.)?pipeline\.\d+': 'transform',
    r'(default|custom)_hooks\.\w+': 'hook',
    r'optim_wrapper': 'optim_wrapper',
    r'optim_wrapper\.optimizer': 'optimizer',
    r'param_scheduler(\.\d+)?': 'parameter scheduler',
    r'model(\.backbone|\.neck|\.head|\.head\.loss)?': 'model',
    r'(val|test)_evaluator(\.\d+)?': 'metric',
}


class Candidate(NamedTuple):
    """A class or function that a ``type`` may mean, and what else its config may hold."""

    part: Callable[..., Any]
    taken_out: set[str]


class RegisteredParts:
    """All that MMEngine's registries, and those of other packages below them, know by name."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, str, dict[str, Any]]] = []  # registry, scope, content
        for module in (mmpretrain.registry, mmengine.registry):
            for registry in _registries(module):
                registry.import_from_location()
        for root in _registries(mmengine.registry):
            for registry in _with_children(root):
                self._entries.append((root.name, registry.scope, registry.module_dict))

    def candidates(self, kind: Any, place: str, scope: str | None = None) -> list[Candidate]:
        """Return what a type may mean, nothing if it is unknown.

        Args:
            kind: Class, function or name.
            place: Dotted place in the config.
            scope: Only registries of this scope and MMEngine's.
        """
        anything = set().union(*_TAKEN_OUT.values())
        if not isinstance(kind, str):
            return [Candidate(kind, anything)]
        found = self._named(kind, place, scope)
        if not found and '.' in kind:
            prefix, name = kind.split('.', 1)
            found = self._named(name, place, prefix)
            named = get_object_from_string(kind)
            found += [Candidate(named, anything)] if callable(named) else []
        return found

    def names(self, place: str) -> list[str]:
        """Return the names that are registered for a place, none if it may be of any registry."""
        wanted = _registry_at(place)
        return [
            name for registry, _, content in self._entries if registry == wanted for name in content
        ]

    def _named(self, name: str, place: str, scope: str | None) -> list[Candidate]:
        wanted = _registry_at(place)
        return [
            Candidate(content[name], _TAKEN_OUT.get(registry, set()))
            for registry, own_scope, content in self._entries
            if name in content and wanted in (None, registry) and scope in (None, own_scope)
        ]


def _registry_at(place: str) -> str | None:
    return next((name for pattern, name in _PLACES.items() if re.fullmatch(pattern, place)), None)


def _registries(module: Any) -> list[Registry]:
    return [value for value in vars(module).values() if isinstance(value, Registry)]


def _with_children(registry: Registry) -> Iterator[Registry]:
    yield registry
    for child in registry.children.values():
        yield from _with_children(child)
