"""Which Pythons, torches and stacks this package runs on: a smoke test in an environment each.

    python experiments/stack_matrix.py    # all 48 cells, some hours
    python experiments/stack_matrix.py --python 3.12 --torch newest --stack onedl

The results are added to docs/results/stack_matrix.json; cells that passed there are skipped. The table
of all results is printed. An environment takes some GB while it is used.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Cell = tuple[str, str]  # stack, transformers
Result = dict[str, Any]
PYTHONS = ('3.10', '3.11', '3.12', '3.13')
TORCHES = ('2.6', '2.10', 'newest')
STACKS = ('openmmlab', 'onedl')
TRANSFORMERS = ('without', 'with')
TESTS = ('pytest>=8', 'pycocotools')  # with it MMPretrain wants its multimodal models too
TOOLS = 'tests/tools'
SMOKE = (
    'tests/losses/test_functional.py',  # the released code's values
    'tests/repairs',  # checkpoints of real training are read, hostile ones are not; precisions
    f'{TOOLS}/test_train.py::test_training_leaves_checkpoints_and_scores',
    f'{TOOLS}/test_test.py::test_scores_are_those_of_the_last_validation',
    f'{TOOLS}/test_interruption.py'
    '::test_killed_at_chosen_points_it_ends_bitwise_like_an_undisturbed_run[1]',
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--python', nargs='+', choices=PYTHONS, default=PYTHONS)
    parser.add_argument('--torch', nargs='+', choices=TORCHES, default=TORCHES)
    parser.add_argument('--stack', nargs='+', choices=STACKS, default=STACKS)
    parser.add_argument('--transformers', nargs='+', choices=TRANSFORMERS, default=TRANSFORMERS)
    parser.add_argument('--folder', type=Path, default=ROOT / 'work_dirs/stack_matrix')
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    file = ROOT / 'docs/results/stack_matrix.json'
    results = json.loads(file.read_text()) if file.is_file() else {}
    for python, torch in itertools.product(args.python, args.torch):
        cells = {
            (stack, transformers): ' '.join((python, torch, stack, transformers))
            for stack, transformers in itertools.product(args.stack, args.transformers)
        }
        wanted = {
            cell: name
            for cell, name in cells.items()
            if results.get(name, {}).get('result') != 'passed'
        }
        if wanted:
            for cell, result in run_cells(python, torch, list(wanted), args.folder.resolve()):
                results[wanted[cell]] = result
                print(f'{wanted[cell]}: {result["result"]} {result["detail"]}', flush=True)
                file.write_text(json.dumps(results, indent=1))
    print(table(results))


def run_cells(
    python: str, torch: str, cells: list[Cell], folder: Path
) -> Iterator[tuple[Cell, Result]]:
    """Run the cells of one Python and torch, which share an environment with torch alone."""
    interpreter = find_python(python)
    if interpreter is None:
        yield from ((cell, {'result': 'no interpreter', 'detail': ''}) for cell in cells)
        return
    base = folder / f'{python}-{torch}'
    try:
        pin = [] if torch == 'newest' else [f'torch=={torch}.*']
        error = make_environment(interpreter, base, *(pin or ['torch']), 'torchvision', *TESTS)
        for stack in dict.fromkeys(stack for stack, _ in cells):
            child = base / stack
            error = error or make_environment(interpreter, child, f'{ROOT}[{stack}]', below=base)
            for transformers in sorted({t for s, t in cells if s == stack}, reverse=True):
                if transformers == 'with':
                    error = error or pip(child, 'transformers')
                result = {'result': 'not installed', 'detail': error} if error else smoke(child)
                yield (stack, transformers), result
    finally:
        shutil.rmtree(base, ignore_errors=True)


def find_python(version: str) -> Path | str | None:
    """Return the first Python of a version that starts and has venv: on the path, of pyenv, of uv."""
    places: list[Path | str | None] = [shutil.which(f'python{version}')]
    places += sorted(Path.home().glob(f'.pyenv/versions/{version}.*/bin/python{version}'))
    if shutil.which('uv'):
        places.append(run('uv', 'python', 'find', version).stdout.strip())
    tell = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    return next((p for p in places if p and run(p, '-c', tell).stdout.strip() == version), None)


def run(*command: Path | str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    """Run a command and capture what it prints."""
    return subprocess.run(command, capture_output=True, text=True, **kwargs)


def make_environment(
    interpreter: Path | str, place: Path, *packages: str, below: Path | None = None
) -> str:
    """Make an environment, on top of ``below`` if given; return pip's error, or ''."""
    run(interpreter, '-m', 'venv', place, check=True)
    if below is not None:
        (site,) = place.glob('lib/python*/site-packages')
        (other,) = below.glob('lib/python*/site-packages')
        # the builds that pip isolates must not see it: onedl-mmcv would compile its operations
        (site / 'below.pth').write_text(
            f"import os, site; 'PYTHONNOUSERSITE' in os.environ or site.addsitedir({str(other)!r})\n"
        )
    return pip(place, *packages)


def pip(place: Path, *packages: str) -> str:
    """Install packages into an environment; return pip's error, or ''."""
    done = run(place / 'bin/python', '-m', 'pip', 'install', '--quiet', *packages)
    output = done.stderr.splitlines()
    errors = (
        [line for line in output if line.startswith('ERROR')] or output or ['no message of pip']
    )
    return ' '.join(errors[-2:]) if done.returncode else ''


def smoke(place: Path) -> Result:
    """Run the smoke test in an environment; return its result and the versions it ran on."""
    began = time.monotonic()
    python = place / 'bin/python'
    versions = run(python, '-c', VERSIONS).stdout
    try:
        done = subprocess.run(
            [python, '-m', 'pytest', '-q', '-W', 'default', '-p', 'no:cacheprovider', *SMOKE],
            cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'MLML_KILLS': '0'},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,
        )
        text = done.stdout
        (place.parent.parent / f'{place.parent.name}-{place.name}.log').write_text(text)
        summary = re.findall(r'\d+ (?:passed|failed|error|skipped)\w*', text.splitlines()[-1])
        failed = [
            line.split(' - ')[0] for line in text.splitlines() if re.match('FAILED|ERROR ', line)
        ]
        result = 'passed' if done.returncode == 0 else 'failed'
        detail = '; '.join([', '.join(summary), *failed[:3]])
    except subprocess.TimeoutExpired:
        result, detail = 'failed', 'took longer than 20 minutes'
    return {
        'result': result,
        'detail': detail,
        'seconds': round(time.monotonic() - began),
        'versions': versions.strip(),
    }


VERSIONS = """
import importlib.metadata as m
for name in ('torch', 'numpy', 'mmpretrain', 'onedl-mmpretrain', 'transformers'):
    try:
        print(name, m.version(name), end=' ')
    except m.PackageNotFoundError:
        pass
"""


def table(results: dict[str, Result]) -> str:
    """Return a Markdown table of all cells; those without a result are "not run"."""
    columns = list(itertools.product(STACKS, TRANSFORMERS))
    head = ' | '.join(f'{stack}, {word} transformers' for stack, word in columns)
    lines = [f'| Python | torch | {head} |', '|---' * (2 + len(columns)) + '|']
    for python, torch in itertools.product(PYTHONS, TORCHES):
        cells = [
            results.get(f'{python} {torch} {s} {t}', {}).get('result', 'not run')
            for s, t in columns
        ]
        lines.append(f'| {python} | {torch} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
