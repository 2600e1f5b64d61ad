"""Mean and standard deviation over seeds of the runs in reports of studies, also of several.

python benchmarks/seeds.py docs/results/photos.json docs/results/photos_seeds.json
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

from rich.console import Console
from rich.table import Table

KEYS = ('mAP', 'OF1')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('reports', type=Path, nargs='+', help='results.json of studies')
    args = parser.parse_args()
    runs = defaultdict(dict)  # by setting, number of images, labels and loss: last scores by seed
    for report in args.reports:
        for run in json.loads(report.read_text())['runs']:
            dataset = run['options'].get('train_dataloader', {}).get('dataset', {})
            images = str(dataset.get('indices', 'all'))
            cell = runs[run['setting'], images, run['labels'], run['loss']]
            if run['seed'] in cell:
                raise SystemExit(f'{report}: seed {run["seed"]} of {run["folder"]} counts twice')
            cell[run['seed']] = run['scores'][-1]
    table = Table('setting', 'images', 'labels', 'loss', 'seeds', *KEYS)
    for place, by_seed in runs.items():
        if len(by_seed) > 1:
            rows = [[run[f'multi-label/{key}'] for run in by_seed.values()] for key in KEYS]
            shown = (f'{mean(values):.2f} ± {stdev(values):.2f}' for values in rows)
            table.add_row(*place, ', '.join(map(str, sorted(by_seed))), *shown)
    Console(width=140).print(table)


if __name__ == '__main__':
    main()
