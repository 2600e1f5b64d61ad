"""Choose decision thresholds on labelled images, and write them to a file, or into a checkpoint.

python tools/tune_thresholds.py configs/coco_0.4left_bce.py best.pth --per-class --into tuned.pth
"""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from command_line import DictAction, run

if TYPE_CHECKING:
    import numpy as np

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
    parser.add_argument('--split', choices=['val', 'test'], help='images to tune on (default: val)')
    parser.add_argument(
        '--goal', choices=['micro_f1', 'macro_f1', 'precision', 'recall'], default='micro_f1'
    )
    parser.add_argument('--wanted', type=float, help='precision or recall to keep, in percent')
    parser.add_argument(
        '--rates', type=Path,
        help='JSON object {class: share of the images in which it is present}, instead of a goal',
    )  # fmt: skip
    parser.add_argument(
        '--kept', metavar='SHARE',
        help='share of the true labels that the training set of CONFIG has, such as 0.4, or an '
        'audit.json with its estimate: as many tags as it leads to expect, instead of a goal',
    )  # fmt: skip
    parser.add_argument('--per-class', action='store_true', help='one threshold for each class')
    parser.add_argument(
        '--shrinkage', type=float,
        help='positives at which a class has gone half the way from the common threshold to its own '
        '(default: 5)',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='seed of folds and resamples')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    if (args.predictions is None) == (args.checkpoint is None):
        parser.error('expected CONFIG CHECKPOINT or --predictions, and not both')
    if args.predictions is not None and (args.config or args.split or args.cfg_options):
        parser.error('--predictions: expected no config, --split or --cfg-options')
    if args.shrinkage is not None and not args.per_class:
        parser.error('--shrinkage: expected --per-class, whose thresholds it mixes')
    if args.kept is not None and (args.rates is not None or args.checkpoint is None):
        parser.error('--kept: expected CONFIG CHECKPOINT and no --rates')
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
        if args.kept is not None:
            rates = rates_of_training(args, classes)
        shrinkage = {} if args.shrinkage is None else {'shrinkage': args.shrinkage}
        found = tune_thresholds(
            predictions.scores,
            labels if rates is None or (labels == 1).any() else None,
            goal=args.goal,
            wanted=args.wanted,
            rates=rates,
            per_class=args.per_class,
            seed=args.seed,
            **shrinkage,
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


def rates_of_training(args: argparse.Namespace, classes: list[str]) -> 'np.ndarray':
    from mmpretrain_mlml.audit import training_labels
    from mmpretrain_mlml.evaluation.expected_rates import expected_rates, read_kept
    from mmpretrain_mlml.runtime.read_config import read_config

    kept = read_kept(args.kept)
    table = training_labels(read_config(args.config, args.cfg_options)).table
    if list(table.classes) != classes:
        raise ValueError('--kept: training and validation set of the config have different classes')
    return expected_rates(table.counts().present, len(table), kept)


def predict(args: argparse.Namespace) -> 'Predictions':
    from rich.progress import track

    from mmpretrain_mlml.apis import predict_dataset
    from mmpretrain_mlml.runtime.read_config import read_config

    cfg = read_config(args.config, args.cfg_options)
    progress = partial(track, description='images')
    return predict_dataset(cfg, args.checkpoint, args.split or 'val', progress)


if __name__ == '__main__':
    run(main)
