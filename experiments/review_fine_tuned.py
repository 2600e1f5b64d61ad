r"""What a review brings to a fine-tuned network: the commands of the tools, on photographs.

Audits 2,500 photographs of which 40 % of the labels are left, decides about 3 % of the unobserved
entries like a reviewer who makes no mistake, and about as many entries of random images, applies
both, and trains on the results. The trainings are an ordinary study: the same command resumes.

    PHOTOS_ROOT=data/photos python experiments/review_fine_tuned.py \
        --out docs/results/review_fine_tuned.json

``--scores folds``, or ``checkpoint`` and a network, says what other scores find, and trains
nothing after it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from probe import log_errors_only

from mmpretrain_mlml import config
from mmpretrain_mlml.audit import simulation, training_labels
from mmpretrain_mlml.labels import COCO_CLASSES, LabelTable
from mmpretrain_mlml.runtime.read_config import read_config

WORK = Path('work_dirs/review_fine_tuned')
TOOLS = Path(__file__).resolve().parent.parent / 'tools'
IMAGES = 2500
KEPT = 'loss', 'labels', 'seeds', 'mean', 'sd'  # of a cell of the report
CONFIG = """# Written by experiments/review_fine_tuned.py: unlisted entries are unobserved.
_base_ = {base!r}
photographs = dict(
    type='mmpretrain_mlml.TagTable', classes={classes!r}, data_root={root!r},
    pipeline={{{{_base_.train_pipeline}}}}, data_prefix='train2014', _delete_=True,
)
train_dataloader = dict(
    dataset=dict(ann_file='train_0.4left.txt', indices={images}, **photographs),
)
model = dict(head=dict(loss=dict(unknown='negative')))
"""
STUDY = """# Written by experiments/review_fine_tuned.py.
base = 'config.py'
losses = {{
    'BCE': dict(type='mmpretrain_mlml.BCE', unknown='negative'),
    'Hill': dict(type='mmpretrain_mlml.Hill', unknown='unobserved'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC', unknown='unobserved'),
}}
labels = {{
    'reviewed': dict(ann_file={reviewed!r}),
    '0.4left': dict(),
    'full': dict(ann_file='train_full.txt', unlisted='absent'),
    'random': dict(ann_file={random!r}),
}}
only = ['reviewed_*', '*_BCE_*']
seeds = {seeds}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, default=3, help='number of seeds (default: 3)')
    parser.add_argument('--jobs', type=int, default=1, help='trainings at a time (default: 1)')
    parser.add_argument('--out', type=Path, help="JSON file for the study's table")
    parser.add_argument('--scores', default='probe', choices=('probe', 'folds', 'checkpoint'))
    parser.add_argument('--checkpoint', help='network of --scores checkpoint')
    args = parser.parse_args()
    log_errors_only()
    WORK.mkdir(parents=True, exist_ok=True)
    file = write_config(WORK / 'config.py')
    labels = training_labels(read_config(str(file), {})).table
    full = {'ann_file': 'train_full.txt', 'unlisted': 'absent'}
    changes = {'train_dataloader': {'dataset': full}}
    complete = training_labels(read_config(str(file), changes)).table

    network = [args.checkpoint] if args.checkpoint else []
    how = '--scores', args.scores, '--jobs', args.jobs, '--cache-dir', WORK / 'cache'
    run('audit_labels.py', file, *network, *how, '--out-dir', WORK / args.scores)
    with (WORK / args.scores / 'proposals.csv').open(newline='') as lines:
        proposed = [(row['image'], row['class']) for row in csv.DictReader(lines)]
    say_found(args.scores, labels, complete, proposed)
    if args.scores == 'probe':
        entries = {'reviewed': proposed, 'random': of_random_images(labels, len(proposed))}
        say_found('random images', labels, complete, entries['random'])
        for name, some in entries.items():
            decisions = WORK / f'decisions_{name}.csv'
            decide(some, complete, decisions)
            (WORK / f'{name}.jsonl').unlink(missing_ok=True)
            run('apply_review.py', file, decisions, '--out', WORK / f'{name}.jsonl')
        train(args.seeds, args.jobs, args.out)


def train(seeds: int, jobs: int, out: Path | None) -> None:
    """Train on each table, all runs of a seed before those of the next, and keep the study's table."""
    paths = {name: str((WORK / f'{name}.jsonl').resolve()) for name in ('reviewed', 'random')}
    study = WORK / 'review_fine_tuned.py'
    study.write_text(STUDY.format(seeds=list(range(seeds)), **paths))
    for seed in range(seeds):
        run('study.py', study, '--jobs', jobs, '--only', f'*seed{seed}')
    run('study.py', study, '--report')
    if out:
        cells = json.loads((WORK / 'report/results.json').read_text())['tables']['']
        kept = [{key: cell[key] for key in KEPT} for cell in cells]
        out.write_text(json.dumps(kept, indent=1) + '\n')


def write_config(file: Path) -> Path:
    """Write the config of the photographs as a table, and return it."""
    root = Path(os.environ.get('PHOTOS_ROOT', 'data/photos')).resolve()
    base = config('photos_0.4left_bce.py')
    file.write_text(
        CONFIG.format(base=base, root=str(root), classes=list(COCO_CLASSES), images=IMAGES)
    )
    return file


def run(tool: str, *args: object) -> None:
    """Run a tool of the package as a user does."""
    subprocess.run([sys.executable, TOOLS / tool, *map(str, args)], check=True)


def places(entries: list[tuple[str, str]], labels: LabelTable) -> tuple[list[int], list[int]]:
    """Return rows and columns of entries that are named by image and class."""
    rows = {name: row for row, name in enumerate(labels.names)}
    columns = {name: column for column, name in enumerate(labels.classes)}
    return [rows[image] for image, _ in entries], [columns[name] for _, name in entries]


def of_random_images(labels: LabelTable, count: int) -> list[tuple[str, str]]:
    """Return all unobserved entries of one random image after the other."""
    choose = simulation.in_order(simulation.RANDOM)
    images, classes = choose(np.empty(0), labels.dense(), count)
    return [(labels.names[i], labels.classes[c]) for i, c in zip(images, classes, strict=True)]


def decide(entries: list[tuple[str, str]], complete: LabelTable, file: Path) -> None:
    """Write right decisions about entries."""
    right = complete.dense()[places(entries, complete)] == 1
    with file.open('w', newline='') as lines:
        out = csv.writer(lines)
        out.writerow(['image', 'class', 'decision'])
        for (image, name), present in zip(entries, right, strict=True):
            out.writerow([image, name, 'present' if present else 'absent'])


def say_found(
    name: str, labels: LabelTable, complete: LabelTable, entries: list[tuple[str, str]]
) -> None:
    """Print which share of the missing labels is among entries."""
    missing = (complete.dense() == 1) & (labels.dense() != 1)
    found = missing[places(entries, labels)].sum() / missing.sum()
    print(f'{name}: {len(entries)} decisions find {found:.1%} of the missing labels')


if __name__ == '__main__':
    main()
