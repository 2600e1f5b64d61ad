"""Choose decision thresholds on labelled images, and write them to a file, or into a checkpoint.

python tools/tune_thresholds.py configs/coco_0.4left_bce.py best.pth --per-class --into tuned.pth
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from command_line import DictAction, run

if TYPE_CHECKING:
    from mmpretrain_mlml.evaluation import Predictions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', nargs='?')
    parser.add_argument('checkpoint', nargs='?')
    parser.add_argument(
        '--predictions',
        type=Path,
        help='instead of config and checkpoint: a file that MultiLabelScores(out=...) wrote',
    )
    parser.add_argument('--out', type=Path, help='file to write (.json)')
    parser.add_argument(
        '--into', type=Path, metavar='FILE',
        help='copy of the checkpoint to write, which holds the thresholds: testing, predicting and '
        'exporting it use them',
    )  # fmt: skip
    parser.add_argument(
        '--split', choices=['val', 'test'], default='val', help='images to tune on (default: val)'
    )
    parser.add_argument(
        '--goal', choices=['micro_f1', 'macro_f1', 'precision', 'recall'], default='micro_f1'
    )
    parser.add_argument('--wanted', type=float, help='precision or recall to keep, in percent')
    parser.add_argument(
        '--rates', type=Path,
        help='JSON object {class: share of the images in which it is present}, instead of a goal',
    )  # fmt: skip
    parser.add_argument('--per-class', action='store_true', help='one threshold for each class')
    parser.add_argument(
        '--shrinkage', type=float, default=20.0,
        help='positives at which a class has gone half the way from the common threshold to its own '
        '(default: 20)',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='seed of folds and resamples')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    if (args.predictions is None) == (args.checkpoint is None):
        parser.error('expected CONFIG CHECKPOINT or --predictions, and not both')
    if args.predictions is not None and args.config:
        parser.error('--predictions: expected no config')
    if args.out is None and args.into is None:
        parser.error('expected --out FILE.json, --into FILE.pth, or both')
    if args.into is not None and args.checkpoint is None:
        parser.error('--into: expected CONFIG CHECKPOINT, whose copy is to hold the thresholds')
    for file in filter(None, (args.out, args.into)):
        if file.exists():
            raise SystemExit(f'error: {file} exists: give another name')

    from mmpretrain_mlml.evaluation import Predictions, tune_thresholds, write_thresholds
    from mmpretrain_mlml.evaluation.expected_rates import read_rates

    try:
        if args.predictions is not None:
            predictions = Predictions.load(args.predictions)
        else:
            predictions = predict(args)
        classes = predictions.classes.tolist()
        labels = predictions.targets
        rates = None if args.rates is None else read_rates(args.rates, classes)
        found = tune_thresholds(
            predictions.scores,
            labels if rates is None or (labels == 1).any() else None,
            goal=args.goal,
            wanted=args.wanted,
            rates=rates,
            per_class=args.per_class,
            shrinkage=args.shrinkage,
            seed=args.seed,
        )
        about = {**found.about(), 'images': len(labels)}
        if args.into is not None:
            from mmpretrain_mlml.checkpoints import store_thresholds

            store_thresholds(args.checkpoint, args.into, classes, found.values, about)
        if args.out is not None:
            write_thresholds(args.out, classes, found.values, about)
    except (OSError, ValueError, RuntimeError) as error:
        raise SystemExit(f'error: {error}') from error
    print(found.summary())
    files = ', '.join(str(file) for file in (args.out, args.into) if file is not None)
    print(f'{len(classes)} thresholds from {len(labels)} images: {files}')


def predict(args: argparse.Namespace) -> 'Predictions':
    from mmengine.config import Config
    from rich.progress import track

    from mmpretrain_mlml.apis import predict_dataset

    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    return predict_dataset(cfg, args.checkpoint, args.split, partial(track, description='images'))


if __name__ == '__main__':
    run(main)
