"""The tests of MMEngine and of MMPretrain, without and with the import of mmpretrain_mlml.

    python tests/peer_suites.py --mmengine CHECKOUT --mmpretrain CHECKOUT --out FOLDER

The checkouts are of the installed versions. Tests of a checkout's copy run against the installed
packages, a folder of tests in a process; in half of the runs each Python process, and each that it
starts, imports mmpretrain_mlml first. The table of the tests whose outcome differs is written to
``FOLDER/peer_suites.md`` and ``.json`` and printed; the exit code is 1 if there is one that passed
without the import and does not pass with it. Runs that a folder already holds are not repeated: delete
``FOLDER/SUITE-with.jsonl`` to repeat one.

The suites themselves want ``pip install parameterized lmdb dill coverage "setuptools<81"``; tests that
need a network, a GPU or another package fail or are skipped in both runs.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SUITES = ('mmengine', 'mmpretrain')
MODES = ('without', 'with')
RESULTS, MODE, LIMIT = 'MLML_PEER_RESULTS', 'MLML_PEER_MODE', 'MLML_PEER_LIMIT'
PASSED, SKIPPED, DIED = 'passed', 'skipped', 'died'


class Outcome(NamedTuple):
    """How a test ended: passed, skipped, failed or died, and the first line of its error."""

    result: str
    error: str = ''


Outcomes = dict[str, Outcome]  # by the name of the test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for suite in SUITES:
        parser.add_argument(f'--{suite}', type=Path, help='checkout of the installed version')
    parser.add_argument('--out', type=Path, required=True, help='folder of results')
    parser.add_argument('--modes', nargs='+', choices=MODES, default=MODES)
    parser.add_argument('--leave-out', nargs='+', default=[], help='paths below tests/')
    parser.add_argument('--limit', type=int, default=180, help='seconds a test may take')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    checkouts = {suite: vars(args)[suite] for suite in SUITES if vars(args)[suite]}
    for suite, checkout in checkouts.items():
        check_version(suite, checkout)
        for mode in args.modes:
            results = args.out.resolve() / f'{suite}-{mode}.jsonl'
            if not results.exists():
                run_suite(suite, checkout, mode, results, args.leave_out, args.limit)
    runs = {
        suite: [read(args.out / f'{suite}-{mode}.jsonl') for mode in MODES] for suite in checkouts
    }
    report = {suite: compare(*pair) for suite, pair in runs.items() if all(pair)}
    (args.out / 'peer_suites.json').write_text(json.dumps(report, indent=1) + '\n')
    (args.out / 'peer_suites.md').write_text(table(report))
    print(table(report))
    raise SystemExit(any(masked(change) for part in report.values() for change in part['changed']))


def check_version(suite: str, checkout: Path) -> None:
    text = (checkout / suite / 'version.py').read_text()
    version = re.search(r"__version__ = '([^']+)'", text)
    installed = importlib.metadata.version(suite)
    if not version or version.group(1) != installed:
        found = version.group(1) if version else 'no version'
        raise SystemExit(f'{checkout} is {found}, installed is {suite} {installed}')


def run_suite(
    suite: str, checkout: Path, mode: str, results: Path, left_out: list[str], limit: int
) -> None:
    """Run the tests of a checkout, part by part, and write their outcomes to a file."""
    unfinished = results.with_suffix('.part')
    unfinished.unlink(missing_ok=True)
    unfinished.touch()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / suite
        # Without the package, so that the installed one is tested, by all processes.
        leave = shutil.ignore_patterns('.git', suite)
        shutil.copytree(checkout, copy, ignore=leave)
        (Path(folder) / 'site').mkdir()
        if mode == 'with':  # for the process of pytest and for all that its tests start
            (Path(folder) / 'site/sitecustomize.py').write_text('import mmpretrain_mlml\n')
        paths = [f'{folder}/site', str(ROOT), str(ROOT / 'tests'), os.environ.get('PYTHONPATH', '')]
        env = {
            **os.environ,
            'OMP_NUM_THREADS': '1',
            'PATH': os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]),
            'PYTHONPATH': os.pathsep.join(filter(None, paths)),
            **{RESULTS: str(unfinished), MODE: mode, LIMIT: str(limit)},
        }
        for part in sorted((copy / 'tests').glob('test_*')):
            if part.name not in left_out:
                print(f'{suite} {mode}: {part.name}', file=sys.stderr, flush=True)
                run_part(copy, part, left_out, env, unfinished)
    unfinished.rename(results)


def run_part(
    copy: Path, part: Path, left_out: list[str], env: dict[str, str], results: Path
) -> None:
    """Run a folder of tests; if the process dies in a test, go on with the tests after it."""
    command = [
        sys.executable, '-c', 'import sys, pytest; sys.exit(pytest.main())',
        str(part.relative_to(copy)), '-p', 'peer_suites', '-q', '--no-header', '--tb=no',
        '--continue-on-collection-errors', '-p', 'no:cacheprovider',
        *(f'--ignore=tests/{path}' for path in left_out),
    ]  # fmt: skip
    while True:
        with results.with_suffix('.log').open('ab') as log:
            done = subprocess.run(command, cwd=copy, env=env, stdout=log, stderr=log, check=False)
        outcomes = read(results)
        died = [name for name, outcome in outcomes.items() if outcome.result == 'started']
        if not died:
            if done.returncode not in (0, 1, 2, 5):
                raise SystemExit(f'pytest ended with {done.returncode}; see {log.name}')
            return
        for name in died:
            _write(results, name, DIED, f'exit code {done.returncode}')


def read(results: Path) -> Outcomes:
    """Read the outcomes of a run; the last one of a test counts."""
    if not results.exists():
        return {}
    lines = map(json.loads, results.read_text().splitlines())
    return {name: Outcome(*outcome) for name, *outcome in lines}


def compare(without: Outcomes, with_import: Outcomes) -> dict:
    """Count the outcomes of both runs, and list the tests whose outcome differs."""
    absent = Outcome('not collected')
    pairs = {
        name: (without.get(name, absent), with_import.get(name, absent))
        for name in sorted({**without, **with_import})
    }
    return {
        'counts': {
            mode: dict(sorted(Counter(outcome.result for outcome in run.values()).items()))
            for mode, run in zip(MODES, (without, with_import))
        },
        'changed': [
            {'test': name, 'without': before._asdict(), 'with': after._asdict()}
            for name, (before, after) in pairs.items()
            if (before.result, _plain(before.error)) != (after.result, _plain(after.error))
        ],
    }


def masked(change: dict) -> bool:
    """Return whether a test passed without the import, and does not pass with it."""
    return change['without']['result'] == PASSED


def table(report: dict) -> str:
    """Return the comparison in Markdown."""
    lines = ['| suite | import | tests | passed | skipped | failed or died |', '|' + '---|' * 6]
    for suite, part in report.items():
        for mode, counts in part['counts'].items():
            total, passed = sum(counts.values()), counts.get(PASSED, 0)
            skipped = counts.get(SKIPPED, 0)
            cells = (suite, mode, total, passed, skipped, total - passed - skipped)
            lines.append(f'| {" | ".join(map(str, cells))} |')
    lines += ['', '| test | without | with |', '|' + '---|' * 3]
    for suite, part in report.items():
        for change in part['changed']:
            cells = [f'`{suite}/{change["test"].removeprefix("tests/")}`']
            cells += [_cell(change[mode]) for mode in MODES]
            lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


def _cell(outcome: dict) -> str:
    error = outcome['error'].replace('|', '\\|').replace('`', "'")
    return f'{outcome["result"]}: `{error}`' if error else outcome['result']


def _plain(error: str) -> str:
    """Return an error without what differs from run to run: addresses, folders, times."""
    return re.sub(r'0x[0-9a-f]+|(?<![\w/])/[\w./-]+|\d+(\.\d+)?', '?', error)


def _write(results: Path, *line: str) -> None:
    with results.open('a') as file:
        file.write(json.dumps(line) + '\n')


# From here on: a plugin of pytest, in the processes that run the tests.


def pytest_configure(config: object) -> None:
    imported = 'mmpretrain_mlml' in sys.modules
    if MODE in os.environ and imported != (os.environ[MODE] == 'with'):
        raise SystemExit(f'mmpretrain_mlml is {"" if imported else "not "}imported')


def pytest_collection_modifyitems(items: list) -> None:
    """Leave out the tests that an earlier process has run."""
    done = read(Path(os.environ[RESULTS]))
    items[:] = [item for item in items if item.nodeid not in done]


def pytest_runtest_logstart(nodeid: str) -> None:
    _write(Path(os.environ[RESULTS]), nodeid, 'started')
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(int(os.environ[LIMIT]))


def pytest_runtest_logreport(report: object) -> None:
    if report.when == 'call' or not report.passed:
        crash = getattr(report.longrepr, 'reprcrash', None)
        error = crash.message.splitlines()[0][:200] if report.failed and crash else ''
        _write(Path(os.environ[RESULTS]), report.nodeid, report.outcome, error)


def pytest_runtest_logfinish() -> None:
    signal.alarm(0)


def pytest_collectreport(report: object) -> None:
    if report.failed:
        error = str(report.longrepr).splitlines()[-1][:200]
        _write(Path(os.environ[RESULTS]), report.nodeid, 'failed', error)


def _too_long(*_: object) -> None:
    raise TimeoutError(f'longer than {os.environ[LIMIT]} s')


if __name__ == '__main__':
    main()
