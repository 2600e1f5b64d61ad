"""Describe the labels of a config's data sets: counts, co-occurrence, labels of an image.

Writes SPLIT.png for each data set, and description.json, to a folder.
"""

import argparse
import json
from pathlib import Path

from command_line import DictAction, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument('--out', type=Path, default=Path('description'), help='folder to write to')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from rich.console import Console

    import mmpretrain_mlml  # noqa: F401  registers the data sets
    from mmpretrain_mlml.datasets.check.sources import Source, read_sources
    from mmpretrain_mlml.datasets.description import SetDescription, warnings_of
    from mmpretrain_mlml.files import atomic_write
    from mmpretrain_mlml.visualization.label_statistics import (
        draw_label_statistics,
        label_statistics_tables,
    )

    try:
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'mmpretrain'))
        sources = [source for source in read_sources(cfg).values() if isinstance(source, Source)]
        sets = [SetDescription.of(source) for source in sources]
    except (KeyError, OSError, ValueError) as error:
        raise SystemExit(f'error: {args.config} cannot be described: {error}') from error
    if not sets:
        raise SystemExit(f'error: {args.config} has no data set')
    args.out.mkdir(parents=True, exist_ok=True)
    for one in sets:
        with atomic_write(args.out / f'{one.split.replace(" ", "_")}.png') as file:
            draw_label_statistics(one).savefig(file, format='png', dpi=110)
    train = next((one for one in sets if one.split.startswith('train')), None)
    others = [one for one in sets if not one.split.startswith('train')]
    warnings = [text for other in others if train for text in warnings_of(train, other)]
    content = {'warnings': warnings, 'sets': {one.split: one.as_json() for one in sets}}
    with atomic_write(args.out / 'description.json', 'w') as text:
        json.dump(content, text)
    Console(width=140).print(*label_statistics_tables(sets))
    for warning in warnings:
        print(f'warning: {warning}')
    print(f'figures and numbers: {args.out}')


if __name__ == '__main__':
    run(main)
