"""All benchmarks beside their peers, in one run.

python benchmarks/run.py [--quick] [--out performance.json] [--figures FOLDER] [--only input scores]

Runs the scripts beside it one after the other, each in a process of its own, and draws two pictures:
how many times as fast as its peers each part is, and how time and memory grow. Peers are released
packages (torchvision, timm, scikit-learn, torchmetrics, MMPretrain) and plain loops.
Own runs and those of the peer alternate after a warm-up; bars are medians of the ratios of neighbours,
whiskers their quartiles. ``--quick`` takes about 3 minutes on two quiet cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from comparisons import machine
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
PARTS = {
    'input': 'input.py',
    'scores': 'scores.py',
    'losses': 'losses.py',
    'training loop': 'training_loop.py',
    'memory': 'allocator.py',
    'start-up': 'startup.py',
    'growth': 'growth.py',
}


def main() -> None:
    """Run the parts, print the table, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='fewer rounds and smaller sizes')
    parser.add_argument('--only', nargs='+', choices=PARTS, default=list(PARTS), metavar='PART')
    parser.add_argument('--out', type=Path, help='file for all figures, as JSON')
    parser.add_argument('--figures', type=Path, help='folder for performance.png and growth.png')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; run nothing')
    args = parser.parse_args()
    console = Console()
    if args.data:
        result = json.loads(args.data.read_text())
    else:
        result = {'machine': machine(), 'quick': args.quick, 'parts': {}, 'failed': []}
        for name in args.only:
            console.rule(name)
            start = perf_counter()
            if part := run(PARTS[name], args.quick):
                result['parts'][name] = part | {'seconds': perf_counter() - start}
            else:
                result['failed'].append(name)
            if args.out:  # after each part, so that a run cut short has something to tell
                args.out.write_text(json.dumps(result, indent=1) + '\n')
    show(console, result)
    if args.figures:
        args.figures.mkdir(parents=True, exist_ok=True)
        draw(comparisons(result), args.figures / 'performance.png')
        if growth := result['parts'].get('growth'):
            from growth import draw as draw_growth

            draw_growth(growth['curves'], args.figures / 'growth.png')
    if result['failed']:
        raise SystemExit(f'error: {", ".join(result["failed"])} failed; see above')


def run(script: str, quick: bool) -> dict[str, Any]:
    """Run a benchmark and return its figures, none if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / 'figures.json'
        command = [sys.executable, str(HERE / script), '--out', str(out)]
        done = subprocess.run([*command, '--quick'] if quick else command)
        if done.returncode or not out.exists():
            return {}
        return json.loads(out.read_text())


def comparisons(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the comparisons of all parts, with the name of the part."""
    return [
        {'part': name, **row}
        for name, part in result['parts'].items()
        for row in part.get('comparisons', [])
    ]


def show(console: Console, result: dict[str, Any]) -> None:
    """Print the comparisons."""
    computer = result['machine']
    table = Table(title=f'{computer["processor"]}, {computer["cores"]} cores')
    for column in ('part', 'this package', 'peer', 'times as fast', 'quartiles'):
        table.add_column(column, justify='right' if 'as fast' in column else 'left')
    for row in comparisons(result):
        spread = f'{row["low"]:.2f} to {row["high"]:.2f}'
        table.add_row(row['part'], row['what'], row['peer'], f'{row["speed"]:.2f}', spread)
    console.print(table)
    minutes = sum(part['seconds'] for part in result['parts'].values()) / 60
    console.print(f'{minutes:.1f} minutes; load before: {computer["load"]:.1f}')


def draw(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw a bar for each comparison, on a logarithmic scale around 1."""
    from matplotlib.figure import Figure

    figure = Figure((9, 0.6 + 0.26 * len(rows)), layout='constrained')
    axes = figure.subplots()
    parts = list(dict.fromkeys(row['part'] for row in rows))
    for place, row in enumerate(rows):
        colour = f'C{parts.index(row["part"])}'
        axes.barh(place, row['speed'] - 1, left=1, color=colour, alpha=0.75)
        axes.plot([row['low'], row['high']], [place, place], color='black', lw=1)
        axes.annotate(
            f'{row["speed"]:.2f}', (max(row['speed'], row['high'], 1), place), (4, 0),
            textcoords='offset points', va='center', fontsize=8,
        )  # fmt: skip
    labels = [f'{row["what"]}  |  {row["peer"]}' for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1, color='black', lw=1)
    axes.set(xscale='log', xlabel='times as fast as the peer (behind the line)')
    axes.margins(x=0.12)
    ticks = [0.25, 0.5, 1, 2, 5, 10, 20]
    low, high = axes.get_xlim()
    shown = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(shown, [f'{tick:g}' for tick in shown])
    axes.minorticks_off()
    axes.grid(axis='x', alpha=0.3)
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
