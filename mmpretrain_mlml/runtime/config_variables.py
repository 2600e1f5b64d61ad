"""Variables of config files: names that a file defines for its own use, such as ``input_size``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from ..printable import first_few

COMMAND_LINE = 'the command line'
_SHOWN = 3  # places in a message


class Ineffective(NamedTuple):
    """A variable that is set again after the file that uses it has been read."""

    name: str
    place: str
    used_in: str

    def message(self, cfg: Config) -> str | None:
        """Return the line that says so, with the keys that hold the value; None if it is the same."""
        base = Config.fromfile(self.used_in, import_custom_modules=False)
        if cfg.get(self.name) == base.get(self.name):
            return None
        variables = {name for name, value in cfg.items() if not isinstance(value, Mapping)}
        keys = list(_holding(base.get(self.name), cfg.to_dict(), variables))
        instead = first_few(keys, _SHOWN)
        return (
            f'{self.name} in {_short(self.place)} changes nothing: it is a variable of '
            f'{_short(self.used_in)}, which has used it already. Set '
            f'{instead or "the keys that it went into"} instead'
        )


@dataclass(frozen=True)
class ConfigFile:
    """The names that a text config assigns and uses, and the files that it inherits from."""

    path: str
    assigned: frozenset[str]
    used: frozenset[str]
    bases: tuple[ConfigFile, ...]

    @classmethod
    def read(cls, path: str) -> ConfigFile:
        """Parse a config and its bases. A file that is not Python has no variables."""
        if not path.endswith('.py'):
            return cls(path, frozenset(), frozenset(), ())
        nodes = list(ast.walk(ast.parse(Path(path).read_text(encoding='utf-8'))))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        used |= {  # {{_base_.name}}
            node.attr
            for node in nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == '_base_'
        }
        assigned = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        files = [Config._get_cfg_path(base, path)[0] for base in Config._get_base_files(path)]
        bases = tuple(cls.read(str(file)) for file in files)
        return cls(path, frozenset(assigned), frozenset(used), bases)

    def files(self) -> Iterator[ConfigFile]:
        """Yield this file and all that it inherits from."""
        yield self
        for base in self.bases:
            yield from base.files()

    def used_anywhere(self) -> set[str]:
        """Return the names that this file, or one that it inherits from, uses itself."""
        return {name for file in self.files() for name in file.used}

    def user_of(self, name: str) -> str | None:
        """Return the path of the file that assigns a variable and uses it, None if there is none."""
        users = (file.path for file in self.files() if name in file.assigned & file.used)
        return next(users, None)


def ineffective_variables(
    root: ConfigFile, known: Iterable[str], options: Iterable[str] = ()
) -> list[Ineffective]:
    """Return the variables that are set where nothing uses them any more.

    Args:
        root: Config that is run.
        known: Top-level keys that something reads; these are not variables.
        options: Top-level keys that the command line sets.
    """
    known = set(known)
    given = (Ineffective(name, COMMAND_LINE, root.user_of(name) or '') for name in sorted(options))
    return [
        found
        for found in dict.fromkeys([*_set_again(root, frozenset()), *given])
        if found.used_in and found.name not in known
    ]


def _set_again(file: ConfigFile, used_below: frozenset[str]) -> Iterator[Ineffective]:
    used = used_below | file.used
    for name in sorted(file.assigned - used):
        users = (base.user_of(name) for base in file.bases)
        yield Ineffective(name, file.path, next(filter(None, users), ''))
    for base in file.bases:
        yield from _set_again(base, used)


def _short(path: str) -> str:
    if path == COMMAND_LINE:
        return path
    full = Path(path).resolve()
    return str(full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full)


def _holding(value: Any, part: Any, without: Iterable[str] = (), place: str = '') -> Iterator[str]:
    """Yield the dotted keys inside a config that hold a value, except some top-level ones."""
    if isinstance(part, Mapping):
        children: Iterable[tuple[Any, Any]] = part.items()
    elif isinstance(part, (list, tuple)) and part != value:
        children = enumerate(part)
    else:
        return
    for key, child in children:
        name = f'{place}.{key}' if place else str(key)
        if name in without:
            continue
        if child == value and value is not None:
            yield name
        else:
            yield from _holding(value, child, without, name)
