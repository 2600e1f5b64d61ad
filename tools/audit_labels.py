"""Propose likely missing labels of a training set for review: a table, and a page to decide on them.

python tools/audit_labels.py configs/coco_0.4left_bce.py best.pth --out-dir audit
python tools/audit_labels.py configs/coco_0.4left_bce.py --out-dir audit --decisions decisions.csv
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from command_line import DictAction, run

SEEN = (
    'warning: a network that was trained on these labels has learned that they are missing; what that '
    'cost on digits, half-trained and trained: docs/audit.md, "Which scores?"'
)

# What --decisions would ignore.
NEW_AUDIT = (
    'checkpoint', '--scores', '--predictions', '--folds', '--jobs', '--limit', '--wrong',
    '--estimate', '--simulate', '--order', '--maps', '--export', '--seed',
)  # fmt: skip
LEAST = {'--folds': 2, '--jobs': 1, '--limit': 0, '--wrong': 0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        'checkpoint', nargs='*',
        help='network, or several, whose scores are averaged; by default the pretrained weights of '
        'the config',
    )  # fmt: skip
    parser.add_argument('--out-dir', type=Path, default=Path('audit'))
    parser.add_argument(
        '--scores', choices=['probe', 'folds', 'checkpoint'], default='probe',
        help='probe: a linear classifier on features of the network, which did not see the labels it '
        'scores; folds: trainings of the config on all folds but one, which did not see them either; '
        'checkpoint: the network itself, which may have seen them (default: probe)',
    )  # fmt: skip
    parser.add_argument(
        '--predictions', type=Path, help='scores from a file that MultiLabelScores(out=...) wrote'
    )
    parser.add_argument('--folds', type=int, default=4, help='number of folds (default: 4)')
    parser.add_argument('--jobs', type=int, help='fold trainings at a time (default: one a GPU)')
    parser.add_argument(
        '--cache-dir', type=Path, default=Path('work_dirs/audit'),
        help='features, scores and fold trainings, from which a stopped audit resumes '
        '(default: work_dirs/audit)',
    )  # fmt: skip
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
        '--estimate', type=int, default=0, metavar='N',
        help='draw N entries, such as 300, whose decisions tell how many labels are missing',
    )  # fmt: skip
    parser.add_argument(
        '--decisions', type=Path, nargs='+', metavar='FILE',
        help='score nothing: report what decisions say about the audit in --out-dir',
    )  # fmt: skip
    parser.add_argument(
        '--simulate', nargs='+', action=DictAction, metavar='KEY=VALUE',
        help='what changes the training set into one with full labels, such as protocol=full or '
        'ann_file=train_full.txt: say what a review would bring, as table and figure',
    )  # fmt: skip
    parser.add_argument(
        '--order', choices=['alternating', 'probability', 'balanced'], default='alternating'
    )
    parser.add_argument(
        '--maps', type=Path, metavar='PATH',
        help='where the model looks, for the zoom of the page: a folder of IMAGE.npz, or a CSV file '
        'of boxes (docs/audit.md)',
    )  # fmt: skip
    parser.add_argument(
        '--export', nargs='+', choices=['label-studio', 'cvat', 'fiftyone'], default=[],
        help='also write the proposals for these tools, whose exports apply_review.py takes',
    )  # fmt: skip
    parser.add_argument('--seed', type=int, default=0, help='seed of the folds and of the estimate')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()

    def value(flag: str) -> Any:
        return getattr(args, flag.removeprefix('--'))

    def default(flag: str) -> Any:
        return parser.get_default(flag.removeprefix('--'))

    if args.decisions:
        given = [flag for flag in NEW_AUDIT if value(flag) not in ([], default(flag))]
        if given:
            parser.error(f'--decisions reports on an earlier audit: expected no {", ".join(given)}')
        report(args)
        return
    if args.predictions and args.checkpoint:
        parser.error('expected a checkpoint or --predictions, got both')
    if args.scores == 'checkpoint' and not (args.checkpoint or args.predictions):
        parser.error('--scores checkpoint: expected a checkpoint')
    if args.scores == 'folds' and args.checkpoint:
        parser.error('--scores folds trains its networks itself: expected no checkpoint')
    for flag, least in LEAST.items():
        if value(flag) is not None and value(flag) < least:
            parser.error(f'{flag}: expected at least {least}, got {value(flag)}')
    if args.out_dir.exists() and not args.out_dir.is_dir():
        parser.error(f'--out-dir: expected a folder, got the file {args.out_dir}')
    if args.maps and not args.maps.exists():
        parser.error(f'--maps: no {args.maps}; expected a folder, or a CSV file of boxes')
    if args.estimate and args.estimate < 2:
        parser.error(f'--estimate: expected at least 2 entries, got {args.estimate}')
    if args.limit == 0 and not (args.wrong or args.estimate or args.simulate):
        parser.error(
            '--limit 0: expected proposals, or --wrong, --estimate or --simulate beside it'
        )
    audit(args)


def report(args: argparse.Namespace) -> None:
    from mmpretrain_mlml.audit import report_progress

    try:
        progress = report_progress(args.out_dir, args.decisions)
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    for line in progress.lines():
        print(line)


def audit(args: argparse.Namespace) -> None:
    from mmengine.logging import MMLogger
    from rich.progress import track

    from mmpretrain_mlml.audit import (
        audit_labels,
        score_training_images,
        simulate_audit,
        training_labels,
    )
    from mmpretrain_mlml.runtime.allocator import keep_freed_memory
    from mmpretrain_mlml.runtime.read_config import read_config
    from mmpretrain_mlml.study.training.pool import gpu_names

    MMLogger.get_current_instance()
    try:
        cfg = read_config(args.config, args.cfg_options)
        labels = training_labels(cfg)
        keep_freed_memory()
        probabilities = score_training_images(
            cfg,
            labels,
            scores=args.scores,
            checkpoint=args.checkpoint,
            predictions=args.predictions,
            folds=args.folds,
            jobs=max(1, len(gpu_names())) if args.jobs is None else args.jobs,
            seed=args.seed,
            cache=args.cache_dir,
            progress=partial(track, description='images'),
        )
        audit = audit_labels(
            labels,
            probabilities,
            args.out_dir,
            limit=args.limit,
            wrong=args.wrong,
            order=args.order,
            estimate=args.estimate,
            seed=args.seed,
            maps=args.maps,
            exports=args.export,
            title=f'Review of {Path(args.config).stem}',
            about={
                'config': args.config,
                'scores': 'predictions' if args.predictions else args.scores,
                'checkpoint': args.checkpoint,
            },
            progress=partial(track, description='pictures'),
        )
        if args.simulate:
            simulated = simulate_audit(
                cfg,
                labels,
                probabilities,
                args.simulate,
                args.out_dir,
                checkpoint=args.checkpoint[0] if args.checkpoint else None,
                order=args.order,
                cache=args.cache_dir,
                progress=partial(track, description='simulation'),
            )
    except KeyboardInterrupt:
        raise SystemExit('stopped; the same command resumes') from None
    except (OSError, ValueError, RuntimeError) as error:
        raise SystemExit(f'error: {error}') from error
    for line in audit.lines():
        print(line)
    if args.simulate:
        print(simulated)
        print(f'written: {args.out_dir}/simulation.json, .md and .png')
    if args.scores == 'checkpoint' and not args.predictions:
        print(SEEN)
    if audit.estimate_page:
        print(
            f'for the estimate: open {audit.estimate_page}, decide about all of its entries, then\n'
            f'  python tools/audit_labels.py {args.config} --out-dir {args.out_dir} '
            '--decisions decisions.csv'
        )
    if len(audit.proposals):
        print(
            f'next: open {audit.page}, save decisions.csv, then\n'
            f'  python tools/apply_review.py {args.config} decisions.csv --out tags_v2.csv'
        )


if __name__ == '__main__':
    run(main)
