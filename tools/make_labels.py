"""Make labels incomplete, or write them in another format.

python tools/make_labels.py instances_train2014.json --protocol 0.4left --seed 0 --out kept.txt
python tools/make_labels.py tags.csv --protocol 'Bernoulli(keep=0.5)' single --out kept.parquet
python tools/make_labels.py data/VOCdevkit/VOC2012 --split val --protocol single --out val.csv
python tools/make_labels.py data/coco --out data/photos --images 10000 1200   # all lists of the paper

Beside the output a summary is written as a figure (.png) and as numbers (.json), and the classes
(.classes.txt). No existing file is overwritten.
"""

import argparse
import json
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('source', type=Path, help='instances_*.json, list, table, or folder of a public data set')
    add('--protocol', nargs='+', default=['full'], help='applied in order; see docs/protocols.md')
    add('--seed', type=int, default=0, help='seed of all draws')
    add('--out', type=Path, required=True, help='.txt, .csv, .tsv, .jsonl or .parquet')
    add('--images', type=int, nargs='+', help='number of images, drawn at random')
    add('--classes', type=Path, help='file with one class name a line')
    add('--unlisted', choices=('absent', 'unobserved'), help='what an entry is that is not listed')
    add('--keep-unlabelled', action='store_true', help='keep images without labels')
    add('--split', help='of the folder of a public data set (default: train)')
    add('--table-options', '--options', dest='options', nargs='+', action='extend', default=[],
        metavar='KEY=VALUE', help='how a table or a public data set is read')  # fmt: skip
    add('--layout', help='of the output: cell, columns, rows or sidecars')
    args = parser.parse_args()
    try:
        _write_lists(args) if (args.source / 'annotations').is_dir() else _make(args)
    except (ImportError, OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error


def _write_lists(args: argparse.Namespace) -> None:
    from mmpretrain_mlml.labels.making import write_coco_lists

    if args.protocol != ['full']:
        raise ValueError(
            f'{args.source} is a folder: --protocol expects one of its annotation files'
        )
    images = args.images or (None, None)
    if len(images) != 2:
        raise ValueError(f'expected --images TRAIN VAL for the folder of COCO, got {images}')
    for path, table in write_coco_lists(args.source, args.out, images, args.seed):
        print(f'{path}: {len(table)} images, {len(table.values)} labels')


def _make(args: argparse.Namespace) -> None:
    from rich.console import Console

    from mmpretrain_mlml.files import atomic_write
    from mmpretrain_mlml.labels import write_class_list, write_tag_table
    from mmpretrain_mlml.labels.change import LabelChange
    from mmpretrain_mlml.labels.making import draw_images, read_labels
    from mmpretrain_mlml.labels.protocols import build_protocols, trace_protocols
    from mmpretrain_mlml.labels.public_sets import find_public_set
    from mmpretrain_mlml.labels.tables import parse_table_options
    from mmpretrain_mlml.visualization.label_change import draw_label_change, label_change_tables

    protocols = build_protocols(args.protocol)
    beside = [args.out.with_suffix(end) for end in ('.png', '.json', '.classes.txt')]
    for path in beside if args.out.is_dir() else [args.out, *beside]:
        if path.exists():
            raise FileExistsError(f'{path} exists: give another --out')
    if args.images and len(args.images) != 1:
        raise ValueError(f'expected one number after --images, got {args.images}')
    public = find_public_set(args.source)
    options = parse_table_options(args.options, public.options if public else ())
    options |= {key: value for key in ('unlisted', 'split') if (value := getattr(args, key))}
    if args.split and not public:
        raise ValueError(f'{args.source} is no folder of a public data set: --split has no meaning')
    before = read_labels(args.source, args.classes, keep_unlabelled=args.keep_unlabelled, **options)
    before = after = draw_images(before, args.images[0] if args.images else None, args.seed)
    for protocol, expected, after in trace_protocols(before, protocols, args.seed):
        counts = zip(after.counts(), after.counts()._fields, expected)
        got = (f'{n.sum():,} {kind} ({e:,.0f} expected)' for n, kind, e in counts)
        print(f'{protocol}: ' + ', '.join(got))

    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_tag_table(args.out, after, args.layout)
    figure, numbers, classes = beside
    write_class_list(classes, after.classes)
    change = LabelChange.between(before, after)
    Console(width=100).print(*label_change_tables(change))
    title = f'{args.source.name}: {", ".join(map(str, protocols))}, seed {args.seed}'
    with atomic_write(figure) as file:
        draw_label_change(change, title).savefig(file, format='png', dpi=130)
    made = {'source': str(args.source), 'protocol': list(map(str, protocols)), 'seed': args.seed}
    with atomic_write(numbers, 'w') as text:
        json.dump({**made, **change.as_json()}, text, indent=2)
    print(f'written: {args.out}, {", ".join(map(str, beside))}')
    if after.fill == 0 and args.out.suffix != '.txt':
        print("entries that are not listed are absent: read it with unlisted='absent'")


if __name__ == '__main__':
    run(main)
