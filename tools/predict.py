"""Predict the tags of images with a trained model, and write them as a table of tags.

python tools/predict.py configs/coco_0.4left_splc.py photos/ --weights best.pth --out tags.csv
torchrun --nproc_per_node=8 tools/predict.py ...    # several processes share the images

A run that was stopped resumes when the command is repeated.
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from command_line import run

FORMATS = ('.csv', '.tsv', '.jsonl', '.parquet')
LONGEST = 600  # characters of an error
WAIT = 7 * 24 * 3600  # seconds that a process that has finished waits for the others


def main() -> int:
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch: runtime/threads.py
    args = _parse()

    from mmpretrain_mlml.apis import MultiLabelInferencer, predict_table
    from mmpretrain_mlml.apis.prediction_pictures import PredictionPictures
    from mmpretrain_mlml.apis.table_prediction import table_name
    from mmpretrain_mlml.printable import printable
    from mmpretrain_mlml.repairs.distributed import end_with_launcher, leave_gloo, start_gloo
    from mmpretrain_mlml.runtime.allocator import keep_freed_memory
    from mmpretrain_mlml.runtime.threads import set_threads

    end_with_launcher()
    set_threads()
    keep_freed_memory()
    if int(os.environ.get('WORLD_SIZE', '1')) > 1:
        start_gloo(WAIT)
    first = os.environ.get('RANK', '0') == '0'
    try:
        for given in args.images:
            table_name(given, args.relative_to)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        tagger = MultiLabelInferencer(
            args.model, args.weights, args.thresholds, _device(args.device), show_progress=False
        )
        pictures = None
        if args.show_dir is not None:
            pictures = PredictionPictures(tagger, args.show_dir, args.relative_to, args.explain)
        with _Progress(first, pictures) as progress:
            found = predict_table(
                tagger,
                args.images,
                args.out,
                args.relative_to,
                batch_size=args.batch_size,
                on_error=args.on_error,
                topk=args.topk,
                workers=args.workers,
                each=progress.add,
            )
    except (OSError, ValueError, RuntimeError) as error:
        lines = '; '.join(' '.join(line.split()) for line in str(error).splitlines())
        raise SystemExit(f'error: {printable(lines, LONGEST)}') from error
    if first:
        print(f'{found.tags} tags of {found.images} images: {args.out}')
        if found.broken:
            print(f'{found.broken} images could not be read and are left out')
    code = 1 if found.broken else 0
    leave_gloo(code)
    return code


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', help='path of a config, name of a shipped one, or exported folder')
    parser.add_argument('images', nargs='+', help="files, folders, or patterns such as 'a/*.jpg'")
    parser.add_argument('--weights', help='checkpoint of the model; none for an exported folder')
    parser.add_argument(
        '--out', type=Path, required=True, help=f'table to write ({", ".join(FORMATS)})'
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        '--thresholds',
        help='number, or file of tools/tune_thresholds.py (default: of config, or else checkpoint)',
    )  # fmt: skip
    choice.add_argument(
        '--topk', type=int, metavar='K', help='the K most probable tags of each image'
    )
    parser.add_argument(
        '--relative-to', type=Path, default=Path(),
        help='folder to which image names are relative in the table (default: the current one)',
    )  # fmt: skip
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument(
        '--workers', type=int, default=0, metavar='N',
        help='processes that load images, for each process that predicts (default: it loads itself)',
    )  # fmt: skip
    parser.add_argument('--device', help="such as 'cuda:0' (default: a GPU if there is one)")
    parser.add_argument(
        '--on-error', choices=['report', 'stop'], default='report',
        help='what to do at a broken image: name it and leave it out, or stop (default: report)',
    )  # fmt: skip
    parser.add_argument(
        '--show-dir',
        type=Path,
        metavar='DIR',
        help='folder for a picture of each image with its tags',
    )
    parser.add_argument(
        '--explain', action='store_true',
        help='draw where in each image the evidence for its tags lies; needs --show-dir and grad-cam',
    )  # fmt: skip
    args = parser.parse_args()
    if args.explain and args.show_dir is None:
        parser.error('--explain needs --show-dir, the folder for its pictures')
    if args.explain and find_spec('pytorch_grad_cam') is None:
        parser.error("--explain needs grad-cam: pip install 'mmpretrain_mlml[explain]'")
    if args.out.exists():
        raise SystemExit(f'error: {args.out} exists: give another name')
    if args.out.suffix not in FORMATS:
        parser.error(f'--out: got the ending {args.out.suffix!r}, expected {", ".join(FORMATS)}')
    if args.out.suffix == '.parquet' and find_spec('pyarrow') is None:
        parser.error("--out: Parquet needs pyarrow: pip install 'mmpretrain_mlml[parquet]'")
    return args


def _device(given: str | None) -> str | None:
    """Return the GPU of this process if a launcher started several, and none is named."""
    import torch

    several = 'LOCAL_RANK' in os.environ and given is None and torch.cuda.is_available()
    return f'cuda:{os.environ["LOCAL_RANK"]}' if several else given


class _Progress:
    """A progress bar on stderr, for the first process; a line for each broken image; the pictures."""

    def __init__(self, shown: bool, pictures: Any) -> None:
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn('{task.completed} images'), TimeElapsedColumn()
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not shown)
        self._pictures = pictures
        self._task = self._bar.add_task('images', total=None)

    def __enter__(self) -> '_Progress':
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def add(self, results: list) -> None:
        from mmpretrain_mlml.printable import printable

        for one in results:
            if one.error is not None:
                print(printable(f'left out: {one.name}: {one.error}'), file=sys.stderr)
        if self._pictures is not None:
            self._pictures.add(results)
        self._bar.advance(self._task, len(results))


if __name__ == '__main__':
    run(main)
