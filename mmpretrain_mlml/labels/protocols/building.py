"""Protocols from names, configs and text, and their application one after another."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from ..label_table import LabelTable
from .base import ExpectedCounts, LabelProtocol
from .independent import RPS, Bernoulli, ClassDependent, FalsePositives, Unobserved
from .per_class import FixedPerClass
from .published import PROTOCOLS, check_seed
from .rules import PaperRule
from .visibility import SizeBiased

KINDS: dict[str, type[LabelProtocol]] = {
    kind.__name__: kind
    for kind in (
        PaperRule, Bernoulli, RPS, FixedPerClass, ClassDependent, SizeBiased, FalsePositives,
        Unobserved,
    )
}  # fmt: skip

# A name, a config with `type`, text such as 'Bernoulli(keep=0.4)', a protocol, or several of them.
ProtocolSpec = str | Mapping[str, Any] | LabelProtocol | Sequence[Any]


class Step(NamedTuple):
    """A protocol that was applied, the counts expected of it, and the labels that it left."""

    protocol: LabelProtocol
    expected: ExpectedCounts
    table: LabelTable


def build_protocols(spec: ProtocolSpec, root: str = '') -> tuple[LabelProtocol, ...]:
    """Return the protocols that a specification names, in their order.

    Args:
        spec: A published name (``'full'``, ``'0.75left'``, ``'0.4left'``, ``'single'``); a config,
            ``dict(type='RPS', share=0.5)``; the same as text, ``'RPS(share=0.5)'``; a protocol; or a
            list of these, which are applied one after another.
        root: Folder to which relative paths in it are relative.

    Raises:
        ValueError: If a protocol is unknown or its arguments are wrong.

    >>> build_protocols(['0.4left', 'FalsePositives(share=0.01)'])
    (PaperRule(name='0.4left'), FalsePositives(share=0.01))
    """
    if isinstance(spec, LabelProtocol):
        return (_located(spec, root),)
    if isinstance(spec, str):
        return (_located(_from_text(spec), root),)
    if isinstance(spec, Mapping):
        return (_located(_from_config(dict(spec)), root),)
    if isinstance(spec, Sequence):
        return tuple(protocol for part in spec for protocol in build_protocols(part, root))
    raise ValueError(f'expected a protocol by name, config or list, got {spec!r}')


def apply_protocols(
    table: LabelTable, protocols: Sequence[LabelProtocol], seed: int = 0
) -> LabelTable:
    """Apply protocols one after another.

    Each draws independently of the others, also of an equal one before it.

    Args:
        table: Labels; not changed.
        protocols: See :func:`build_protocols`.
        seed: Seed of the draws, an integer >= 0.

    Raises:
        ValueError: If the seed is not an integer >= 0, or a protocol cannot be applied to the table.
    """
    for _, _, left in _steps(table, protocols, seed):
        table = left
    return table


def trace_protocols(
    table: LabelTable, protocols: Sequence[LabelProtocol], seed: int = 0
) -> Iterator[Step]:
    """Yield each step of :func:`apply_protocols`, with the counts expected of its input."""
    for protocol, before, left in _steps(table, protocols, seed):
        yield Step(protocol, protocol.expected(before), left)


def _steps(
    table: LabelTable, protocols: Sequence[LabelProtocol], seed: int
) -> Iterator[tuple[LabelProtocol, LabelTable, LabelTable]]:
    """Yield each protocol with the table before and after it."""
    check_seed(seed)
    for position, protocol in enumerate(protocols):
        before = sum(other == protocol for other in protocols[:position])
        left = protocol.apply(table, _seed_of(seed, before))
        yield protocol, table, left
        table = left


def describe_protocols(spec: ProtocolSpec) -> str:
    """Return protocols as text, such as ``'0.4left, FalsePositives(share=0.01)'``."""
    return ', '.join(map(str, build_protocols(spec)))


def _seed_of(seed: int, before: int) -> int:
    """Return the seed of a protocol that stands after so many equal ones."""
    if not before:
        return seed
    return int.from_bytes(blake2b(f'{seed}#{before}'.encode(), digest_size=8).digest(), 'little')


def _from_text(text: str) -> LabelProtocol:
    if text in PROTOCOLS:
        return PaperRule(text)
    try:
        tree = ast.parse(text.strip(), mode='eval').body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        if not isinstance(call.func, ast.Name) or call.args:
            raise ValueError('arguments are given by name')
        values = {str(item.arg): ast.literal_eval(item.value) for item in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(_unknown(text)) from error
    return _from_config({'type': call.func.id, **values})


def _from_config(config: dict[str, Any]) -> LabelProtocol:
    name = config.pop('type', None)
    if name in PROTOCOLS and not config:
        return PaperRule(str(name))
    kind = KINDS.get(str(name).removeprefix('mmpretrain_mlml.'))
    if kind is None:
        raise ValueError(_unknown(str(name)))
    arguments = [item.name for item in fields(kind)]
    missing = [
        item.name for item in fields(kind) if item.default is MISSING and item.name not in config
    ]
    wrong = [argument for argument in config if argument not in arguments]
    if wrong or missing:
        got = f'no argument {wrong[0]!r}' if wrong else f'{", ".join(missing)} to be given'
        takes = f'takes {", ".join(arguments)}' if arguments else 'takes no arguments'
        verb = 'has' if wrong else 'expects'
        raise ValueError(f'{kind.__name__} {verb} {got}; it {takes}')
    try:
        return kind(**config)
    except TypeError as error:
        raise ValueError(f'{kind.__name__}: {error}') from error


def _located(protocol: LabelProtocol, root: str) -> LabelProtocol:
    if isinstance(protocol, SizeBiased) and protocol.annotations:
        return replace(protocol, annotations=str(Path(root) / protocol.annotations))
    return protocol


def _unknown(name: str) -> str:
    known = (*PROTOCOLS, *KINDS)
    near = difflib.get_close_matches(name.partition('(')[0], known, 1)
    hint = f'; did you mean {near[0]!r}?' if near else ''
    return f'unknown protocol {name!r}; expected one of {known}{hint}'
