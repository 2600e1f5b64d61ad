"""The reference of every public name, generated from the package's ``__all__`` lists.

A page of the reference holds directives such as ``.. public:: mmpretrain_mlml.labels``, each of which
documents the public names of one room. The build warns of a public name that no page documents.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

PACKAGE = 'mmpretrain_mlml'


def modules() -> Iterator[ModuleType]:
    """Yield the package and the modules in it that have an ``__all__`` list."""
    package = import_module(PACKAGE)
    yield package
    for info in pkgutil.walk_packages(package.__path__, f'{PACKAGE}.'):
        if info.name.startswith((f'{PACKAGE}.configs', f'{PACKAGE}.tools')):
            continue
        module = import_module(info.name)
        if hasattr(module, '__all__'):
            yield module


def public_names() -> dict[str, Any]:
    """Return all public objects by their full name.

    An object that several modules export, such as a loss, has several names.
    """
    return {
        f'{module.__name__}.{name}': getattr(module, name)
        for module in modules()
        for name in module.__all__
        if not name.startswith('__')
    }


def names_of_room(room: str) -> list[str]:
    """Return the full names under which a room's public objects are documented.

    These are the names in its ``__all__`` list and the registered parts in it. What the package
    exports at its top stands there under its shortest name.

    >>> names_of_room('mmpretrain_mlml.optim')[:2]
    ['mmpretrain_mlml.OneCycle', 'mmpretrain_mlml.optim.SummedGradients']
    """
    package, module = import_module(PACKAGE), import_module(room)
    listed = [name for name in getattr(module, '__all__', []) if not name.startswith('__')]
    if module is not package:
        from mmpretrain_mlml.parts import parts_in

        parts = parts_in(room.removeprefix(f'{PACKAGE}.'))
        listed += [name for name in parts if name not in listed]

    def shortest(name: str) -> str:
        at_top = name in package.__all__
        return f'{PACKAGE}.{name}' if at_top else f'{room}.{name}'

    return [shortest(name) for name in listed]


def resolve(full_name: str) -> Any:
    """Return the object that a dotted name means, or None. An attribute comes before a module."""
    target: Any = import_module(PACKAGE)
    path = PACKAGE
    for name in full_name.split('.')[1:]:
        path = f'{path}.{name}'
        try:
            target = getattr(target, name)
        except (AttributeError, ImportError):
            try:
                target = import_module(path)
            except ImportError:
                return None
    return target


def block(full_name: str) -> list[str]:
    """Return the lines of reStructuredText that document a name."""
    target = resolve(full_name)
    if inspect.isclass(target):
        expose_cached_methods(target)
        kind = 'autoexception' if issubclass(target, BaseException) else 'autoclass'
        return [f'.. {kind}:: {full_name}', '   :members:', '   :show-inheritance:', '']
    return [f'.. autofunction:: {full_name}', '']


def expose_cached_methods(cls: type) -> None:
    """Put plain methods in the place of those wrapped by mmcv's ``cache_randomness``.

    The wrapper takes any access for one by an instance, and so fails on the class.
    """
    for name, member in list(vars(cls).items()):
        if type(member).__name__ == 'cache_randomness':
            setattr(cls, name, member.__wrapped__)


def setup(app: Any) -> dict[str, bool]:
    """Register the directive and the check that no public name is missing."""
    from docutils import nodes
    from docutils.statemachine import StringList
    from sphinx.util import logging
    from sphinx.util.docutils import SphinxDirective
    from sphinx.util.nodes import make_refnode

    logger = logging.getLogger(__name__)

    class Public(SphinxDirective):
        """``.. public:: ROOM``: a summary and the reference of the room's public names.

        ``:only:`` and ``:without:`` take names, without their module, to document or to leave out.
        """

        required_arguments = 1
        option_spec: ClassVar = {'only': str.split, 'without': str.split}

        def run(self) -> list[nodes.Node]:
            names = names_of_room(self.arguments[0])
            only = self.options.get('only')
            without = self.options.get('without', [])
            names = [
                name
                for name in names
                if (only is None or name.rpartition('.')[2] in only)
                and name.rpartition('.')[2] not in without
            ]
            lines = [
                f'.. currentmodule:: {PACKAGE}',
                '',
                '.. autosummary::',
                '   :nosignatures:',
                '',
            ]
            lines += [f'   ~{name.removeprefix(f"{PACKAGE}.")}' for name in names] + ['']
            lines += [line for name in names for line in block(name)]
            parent = nodes.section()
            parent.document = self.state.document
            self.state.nested_parse(StringList(lines, source=__file__), 0, parent)
            return parent.children

    def find_alias(app: Any, env: Any, node: Any, content: Any) -> Any:
        """Resolve a name to where its object is documented, under whichever name.

        A name of an existing object that no page documents becomes plain text.
        """
        if node.get('refdomain') != 'py' or not node.get('reftarget'):
            return None
        objects = env.get_domain('py').objects
        target, module = node['reftarget'], node.get('py:module') or PACKAGE
        candidates = [f'{module}.{target}', f'{PACKAGE}.{target}']
        if owner := resolve(f'{module}.{node.get("py:class")}'):
            candidates.append(f'{owner.__module__}.{target}')
            candidates.append(f'{owner.__module__}.{owner.__qualname__}.{target}')
        if target.startswith(f'{PACKAGE}.'):
            candidates = [target]
        wanted = next(filter(lambda found: found is not None, map(resolve, candidates)), None)
        for name, entry in objects.items():
            same = name.endswith(f'.{target}') or (wanted is not None and resolve(name) is wanted)
            if same and entry.objtype != 'module':
                place = entry.docname, entry.node_id
                return make_refnode(app.builder, node['refdoc'], *place, content, name)
        return content if wanted is not None else None

    def skip_fields(app: Any, what: str, name: str, member: Any, *rest: Any) -> bool | None:
        """Leave out a named tuple's "alias for field number 0"; the class describes its fields."""
        return True if type(member).__name__ == '_tuplegetter' else None

    def warn_of_missing(app: Any, env: Any) -> None:
        objects = env.get_domain('py').objects
        documented = [resolve(name) for name in objects]
        for name, target in public_names().items():
            if name not in objects and not any(target is known for known in documented):
                logger.warning('no page of the reference documents %s', name)

    app.add_directive('public', Public)
    app.connect('autodoc-skip-member', skip_fields)
    app.connect('missing-reference', find_alias)
    app.connect('env-check-consistency', warn_of_missing)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
