"""The whole review on embedded images: find missing labels, decide, complete the labels, train again.

Draws digit scenes of which 40 % of the labels are left, proposes likely missing labels, decides like
a person who makes no mistake, and trains on the result. Ends with two pictures and the review page.
"""

import argparse
import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command_line import run

if TYPE_CHECKING:
    import numpy as np

CLASSES = [f'digit {number}' for number in range(10)]
CONFIG = """# Written by tools/demo_audit.py: digit scenes as files, with a table of tags.
_base_ = __import__('mmpretrain_mlml').config('digits_0.4left_bce.py')
pipeline = [dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')]
table = dict(
    type='mmpretrain_mlml.TagTable', data_root={root!r}, data_prefix='images', pipeline=pipeline,
    classes={classes!r}, _delete_=True,
)
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.BCE', unknown='negative')))
train_dataloader = dict(dataset=dict(ann_file='tags.csv', **table))
val_dataloader = dict(
    dataset=dict(ann_file='val.csv', unlisted='absent', test_mode=True, **table)
)
test_dataloader = val_dataloader
"""
ROWS = {'left': '40 % of the labels', 'reviewed': 'after the review', 'full': 'all labels'}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--size', type=int, default=8000, help='training scenes (default: 8000)')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time (default: 2)')
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/demo_audit'),
        help='a used folder is trained in anew',
    )
    parser.add_argument('--cfg-options', nargs='+', default=[], help='changes of the config')
    args = parser.parse_args()
    from mmengine.config import Config, DictAction
    from mmengine.logging import MMLogger
    from rich.progress import track

    from mmpretrain_mlml.audit import (
        apply_review,
        audit_labels,
        score_training_images,
        simulate_audit,
        training_labels,
    )
    from mmpretrain_mlml.study import Run, RunsFailed
    from mmpretrain_mlml.study.training import train

    MMLogger.get_current_instance().setLevel('WARNING')
    folder = args.work_dir.resolve()
    file = write_data(folder, args.size)
    table = 'train_dataloader.dataset.ann_file={}'

    def runs(**tables: str) -> list[Run]:
        return [
            Run(name, str(file), ROWS[name], [table.format(tags), *args.cfg_options])
            for name, tags in tables.items()
        ]

    try:
        print(f'1. training on 40 % of the labels, and on all for comparison, into {folder}')
        train(runs(left='tags.csv', full='full.csv'), folder, args.jobs)
        print('2. proposals for review')
        cfg = Config.fromfile(file)
        changes = argparse.Namespace()
        DictAction([], 'cfg')(parser, changes, args.cfg_options)
        cfg.merge_from_dict(changes.cfg)
        labels = training_labels(cfg)
        checkpoint = str(next((folder / 'left').glob('best_*.pth')))
        how: dict[str, Any] = {
            'checkpoint': checkpoint,
            'cache': folder / 'cache',
            'progress': partial(track, description='images'),
        }
        probabilities = score_training_images(cfg, labels, **how)
        audit = audit_labels(labels, probabilities, folder / 'audit', title='Digit scenes')
        print(*audit.lines()[:-1], sep='\n')
        print('3. decisions of a reviewer who makes no mistake')
        decide(folder / 'audit')
        reviewed = folder / 'reviewed.jsonl'
        reviewed.unlink(missing_ok=True)
        review = apply_review(labels, [folder / 'audit/decisions.csv'], reviewed)
        print(*review.lines()[:2], sep='\n')
        print('4. training on the reviewed labels')
        train(runs(reviewed='reviewed.jsonl'), folder, args.jobs)
        print('5. what fewer or other decisions would have brought, with a linear classifier')
        full = {'ann_file': 'full.csv', 'unlisted': 'absent'}
        print(simulate_audit(cfg, labels, probabilities, full, folder / 'audit', **how))
    except (OSError, RunsFailed, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    report(folder)
    draw_proposals(folder, audit.proposals[:40], labels)
    print(
        f'pictures: {folder}/audit/simulation.png and {folder}/proposals.png\n'
        f'the page, to review yourself: {audit.page}'
    )


def write_data(folder: Path, size: int) -> Path:
    """Write scenes, their full and their incomplete tags, and the config; return the config."""
    import cv2

    from mmpretrain_mlml.datasets.digit_scenes import make_scenes
    from mmpretrain_mlml.labels import drop_labels

    (folder / 'images').mkdir(parents=True, exist_ok=True)
    for split, count in (('train', size), ('test', min(1000, size))):
        scenes, digits = make_scenes(split, count)
        names = [f'{split}_{number:05}.png' for number in range(count)]
        for name, scene in zip(names, scenes):
            cv2.imwrite(str(folder / 'images' / name), scene)
        if split == 'test':
            write_tags(folder / 'val.csv', names, digits)
        else:
            write_tags(folder / 'full.csv', names, digits)
            write_tags(folder / 'tags.csv', names, drop_labels(names, digits, '0.4left', 0))
    file = folder / 'config.py'
    file.write_text(CONFIG.format(root=str(folder), classes=CLASSES))
    return file


def write_tags(path: Path, names: list[str], digits: list[list[int]]) -> None:
    with path.open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['image', 'tags'])
        for name, found in zip(names, digits):
            rows.writerow([name, ';'.join(CLASSES[digit] for digit in found)])


def decide(folder: Path) -> None:
    """Write right decisions about all proposals."""
    with (folder.parent / 'full.csv').open(newline='') as file:
        tags = {row['image']: row['tags'].split(';') for row in csv.DictReader(file)}
    with (folder / 'proposals.csv').open(newline='') as file:
        entries = [(row['image'], row['class']) for row in csv.DictReader(file)]
    with (folder / 'decisions.csv').open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['image', 'class', 'decision'])
        for image, klass in entries:
            rows.writerow([image, klass, 'present' if klass in tags[image] else 'absent'])


def report(folder: Path) -> None:
    """Print the scores of the three trainings."""
    from rich.console import Console
    from rich.table import Table

    from mmpretrain_mlml.audit.simulation_report import percent
    from mmpretrain_mlml.evaluation import Predictions, multi_label_scores

    scores = {}
    for name in ROWS:
        predictions = Predictions.load(folder / name / 'predictions.npz')
        scores[name] = multi_label_scores(predictions.scores, predictions.targets).summary
    table = Table('trained on', 'mAP', 'OF1', 'mAP gap closed', 'OF1 gap closed')
    for name, row in ROWS.items():
        cells = [f'{scores[name][key]:.1f}' for key in ('mAP', 'OF1')]
        for key in ('mAP', 'OF1'):
            gap = scores['full'][key] - scores['left'][key]
            share = (scores[name][key] - scores['left'][key]) / gap if gap else float('nan')
            cells.append(percent(share))
        table.add_row(row, *cells)
    Console().print(table)


def draw_proposals(folder: Path, proposals: 'np.ndarray', labels: Any) -> None:
    """Draw the first proposals, the right ones with a green title."""
    from matplotlib.figure import Figure

    with (folder / 'audit/decisions.csv').open(newline='') as file:
        right = {(r['image'], r['class']): r['decision'] == 'present' for r in csv.DictReader(file)}
    figure = Figure(figsize=(10, 5.4), layout='constrained')
    figure.suptitle('The first proposals: green is a missing label, red is none')
    for axes, proposal in zip(figure.subplots(4, 10).flat, proposals):
        entry = labels.table.names[proposal['image']], CLASSES[proposal['class']]
        axes.imshow(labels.open_image(int(proposal['image'])), cmap='gray')
        axes.set_title(entry[1], fontsize=9, color='#0b6b3a' if right[entry] else '#a3261c')
    for axes in figure.axes:
        axes.axis('off')
    figure.savefig(folder / 'proposals.png', dpi=110)


if __name__ == '__main__':
    run(main)
