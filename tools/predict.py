"""Predict the tags of images with a trained model, and write them as a table of tags.

python tools/predict.py configs/coco_0.4left_splc.py photos/ --weights best.pth --out tags.csv
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from command_line import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', help='path of a config, or name of a shipped one')
    parser.add_argument('images', nargs='+', help="files, folders, or patterns such as 'a/*.jpg'")
    parser.add_argument('--weights', required=True, help='checkpoint of the model')
    parser.add_argument(
        '--out', type=Path, required=True, help='table to write (.csv, .tsv, .jsonl, .parquet)'
    )
    parser.add_argument(
        '--thresholds', type=Path,
        help='file of tools/tune_thresholds.py (default: the threshold of the test evaluator)',
    )  # fmt: skip
    parser.add_argument(
        '--relative-to', type=Path, default=Path(),
        help='folder to which image names are relative in the table (default: the current one)',
    )  # fmt: skip
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--device', help="such as 'cuda:0' (default: a GPU if there is one)")
    parser.add_argument(
        '--on-error', choices=['report', 'stop'], default='report',
        help='what to do at a broken image: name it and leave it out, or stop (default: report)',
    )  # fmt: skip
    args = parser.parse_args()
    if args.out.exists():
        raise SystemExit(f'error: {args.out} exists: give another name')
    formats = ('.csv', '.tsv', '.jsonl', '.parquet')
    if args.out.suffix not in formats:
        parser.error(f'--out: got the ending {args.out.suffix!r}, expected {", ".join(formats)}')
    if args.out.suffix == '.parquet' and find_spec('pyarrow') is None:
        parser.error("--out: Parquet needs pyarrow: pip install 'mmpretrain_mlml[parquet]'")

    from rich.console import Console
    from rich.progress import track

    from mmpretrain_mlml.apis import MultiLabelInferencer
    from mmpretrain_mlml.labels import LabelTable, write_tag_table
    from mmpretrain_mlml.printable import printable

    names, positives, broken = [], [], 0
    try:
        for given in args.images:
            _name(given, args.relative_to)
        tagger = MultiLabelInferencer(
            args.model, args.weights, args.thresholds, args.device, show_progress=False
        )
        index_of = {name: index for index, name in enumerate(tagger.classes)}
        stream = tagger.stream(args.images, args.batch_size, args.on_error)
        for one in track(stream, 'images', total=None, console=Console(stderr=True)):
            if one.error is not None:
                broken += 1
                print(printable(f'left out: {one.name}: {one.error}'), file=sys.stderr)
                continue
            names.append(_name(one.name, args.relative_to))
            positives.append(sorted(index_of[tag] for tag in one.tags))
        if not names:
            raise ValueError(f'none of {broken} images could be read: {args.out} is not written')
        args.out.parent.mkdir(parents=True, exist_ok=True)
        write_tag_table(args.out, LabelTable.from_positives(names, positives, tagger.classes))
    except (OSError, ValueError, RuntimeError) as error:
        raise SystemExit(f'error: {error}') from error
    print(f'{sum(map(len, positives))} tags of {len(names)} images: {args.out}')
    if broken:
        print(f'{broken} images could not be read and are left out')
    return 1 if broken else 0


def _name(path: str, folder: Path) -> str:
    """Return the name of an image in the table: a path inside the folder, as readers expect it."""
    name = Path(os.path.relpath(path, folder))
    if name.parts[:1] == (os.pardir,):
        raise ValueError(f'{path} does not lie in {folder.absolute()}: give --relative-to')
    return name.as_posix()


if __name__ == '__main__':
    run(main)
