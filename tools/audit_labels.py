"""Propose likely missing labels of a training set for review: a table, and a page to decide on them.

python tools/audit_labels.py configs/coco_0.4left_bce.py best.pth --out-dir audit
"""

import argparse
from functools import partial
from pathlib import Path

from command_line import DictAction, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        'checkpoint', nargs='?', help='network; by default the pretrained weights of the config'
    )
    parser.add_argument('--out-dir', type=Path, default=Path('audit'))
    parser.add_argument(
        '--scores', choices=['probe', 'checkpoint'], default='probe',
        help='probe: a linear classifier on features of the network, which did not see the labels it '
        'scores; checkpoint: the network itself, which may have seen them (default: probe)',
    )  # fmt: skip
    parser.add_argument(
        '--predictions', type=Path, help='scores from a file that MultiLabelScores(out=...) wrote'
    )
    parser.add_argument(
        '--limit', type=int, help='number of proposals (default: 3 %% of the unobserved entries)'
    )
    parser.add_argument(
        '--wrong',
        type=int,
        default=0,
        help='number of positives that are likely wrong (default: 0)',
    )
    parser.add_argument(
        '--order', choices=['alternating', 'probability', 'balanced'], default='alternating'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the folds of the probe')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    if args.predictions and args.checkpoint:
        parser.error('expected a checkpoint or --predictions, got both')
    if args.scores == 'checkpoint' and not (args.checkpoint or args.predictions):
        parser.error('--scores checkpoint: expected a checkpoint')
    from mmengine.config import Config
    from rich.progress import track

    import mmpretrain_mlml  # noqa: F401  registers the data sets
    from mmpretrain_mlml.audit import audit_labels, score_training_images, training_labels

    try:
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options)
        labels = training_labels(cfg)
        probabilities = score_training_images(
            cfg,
            labels,
            scores=args.scores,
            checkpoint=args.checkpoint,
            predictions=args.predictions,
            seed=args.seed,
            progress=partial(track, description='images'),
        )
        audit = audit_labels(
            labels,
            probabilities,
            args.out_dir,
            limit=args.limit,
            wrong=args.wrong,
            order=args.order,
            title=f'Review of {Path(args.config).stem}',
            about={
                'config': args.config,
                'scores': 'predictions' if args.predictions else args.scores,
                'checkpoint': args.checkpoint,
            },
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise SystemExit(f'error: {error}') from error
    for line in audit.lines():
        print(line)
    if args.scores == 'checkpoint' and not args.predictions:
        print(
            'warning: a network that was trained on these labels has learned that they are missing'
        )
    print(
        f'next: open {audit.page}, save decisions.csv, then\n'
        f'  python tools/apply_review.py {args.config} decisions.csv --out tags_v2.csv'
    )


if __name__ == '__main__':
    run(main)
