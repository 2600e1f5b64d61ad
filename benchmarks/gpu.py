"""What only a GPU can tell, in one command: correctness, losses, training loop, share, a small study.

PHOTOS_ROOT=... MOBILENET_V2_WEIGHTS=... python benchmarks/gpu.py --out gpu.json [--minutes 9]
python benchmarks/gpu.py --device cpu --tiny     # tries each part, in a minute or two

Parts run one after the other, the most important first, each in processes of its own and within its
share of the time. Results are printed as they come, and the file is written after each part, so that
a run cut short tells what it found. A part that fails is reported and the next one runs; the exit code
is 1 then. The study trains as many seeds as fit into what is left; photo_folder.py makes a folder of
at most 60 MiB for it.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from comparisons import machine
from gpu_session import ROOT, PartFailed, Session
from gpu_study import run_study

from mmpretrain_mlml.files import atomic_write

LOSSES = 'BCE', 'Focal', 'ASL', 'Hill', 'SPLC'


def correctness(session: Session, seconds: float) -> dict[str, Any]:
    """Run the tests marked gpu; without a GPU all of them are skipped."""
    files = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / 'tests').rglob('test_*.py'))
        if 'pytest.mark.gpu' in path.read_text()
    ]
    # warnings of another stack than that of make test are not errors here
    options = ['-m', 'gpu', '-v', '--tb=short', '-W', 'default', '-p', 'no:cacheprovider']
    problem = ''
    try:
        session.call('tests', '-m', 'pytest', *options, *map(str, files), seconds=seconds)
    except PartFailed as error:
        problem = str(error)
    lines = (session.folder / 'tests.log').read_text(errors='replace').splitlines()
    outcomes = {
        kind.lower(): sorted({line.split(' ')[0] for line in lines if f' {kind} ' in f'{line} '})
        for kind in ('PASSED', 'FAILED', 'ERROR', 'SKIPPED')
    }
    results = {kind: [t for t in tests if '::' in t] for kind, tests in outcomes.items()}
    if problem or (session.device == 'cuda' and not results['passed']):
        raise PartFailed(problem or 'no test passed', results)
    return results


def losses(session: Session, seconds: float) -> dict[str, Any]:
    """Measure time and memory of losses as multiples of binary cross-entropy."""
    options = ['--smallest', '--only', LOSSES[-1]] if session.tiny else ['--only', *LOSSES]
    return session.measure('losses.py', '--eager', *options, seconds=seconds)


def compiled_losses(session: Session, seconds: float) -> dict[str, Any]:
    """Measure Hill and SPLC with kernels that torch.compile generates, which takes a while."""
    if session.tiny:
        return {}  # twenty seconds of a C++ compiler
    names = 'Hill', 'SPLC', 'Hill, fused', 'SPLC, fused'
    return session.measure('losses.py', '--only', *names, seconds=seconds)


def training_loop(session: Session, seconds: float) -> dict[str, Any]:
    """Measure steps of the recipe as multiples of those of a plain loop."""
    options = (
        ['--steps', '8', '--only', 'MobileNetV2, SPLC'] if session.tiny else ['--steps', '240']
    )
    if session.device == 'cuda':
        options.append('--amp')
    return session.measure('training_loop.py', *options, seconds=seconds)


def share(session: Session, seconds: float) -> dict[str, Any]:
    """Measure the share of time in which the device computes; the goal is 97 %."""
    options = ['--tiny'] if session.tiny else []
    return session.measure('gpu_share.py', *options, seconds=seconds)


def study(session: Session, seconds: float) -> dict[str, Any]:
    """Train BCE, Hill and SPLC on 40 % of the labels, and BCE on all, until the time is over."""
    results = run_study(session.folder, seconds, session.device, session.tiny, print_line)
    if results['failed'] or not results['runs']:
        raise PartFailed(f'{len(results["runs"])} runs finished\n{results["failed"]}', results)
    return results


# seconds: at most; the study has what is left
PARTS: dict[str, tuple[Callable[[Session, float], dict[str, Any]], float]] = {
    'correctness': (correctness, 150),
    'losses': (losses, 80),
    'training loop': (training_loop, 100),
    'share': (share, 60),
    'compiled losses': (compiled_losses, 80),
    'study': (study, float('inf')),
}


def print_line(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def shown(value: Any, indent: str = '  ') -> str:
    """Return results as text, numbers rounded and lists of names counted.

    >>> print(shown({'passed': ['a', 'b'], 'Hill': {'memory': 1.23456}}))
      passed: 2
      Hill:
        memory: 1.235
    """
    if isinstance(value, dict):
        lines = []
        for key, part in value.items():
            text = shown(part, f'{indent}  ')
            lines.append(f'{indent}{key}:{chr(10) if isinstance(part, dict) else " "}{text}')
        return '\n'.join(lines)
    if isinstance(value, list):
        return str(len(value))
    return f'{value:.3f}' if isinstance(value, float) else str(value)


def main() -> None:
    """Run the parts, print and write what they find."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=Path('gpu.json'), help='file for the results')
    parser.add_argument('--device', choices=['cuda', 'cpu'], default='cuda')
    parser.add_argument('--minutes', type=float, default=9.0, help='for all parts together')
    parser.add_argument('--tiny', action='store_true', help='a few small steps of each part')
    parser.add_argument('--work-dir', type=Path, help='folder for logs and runs, kept; new')
    parser.add_argument('--only', nargs='+', choices=PARTS, default=list(PARTS), metavar='PART')
    args = parser.parse_args()
    if args.device == 'cuda' and not torch.cuda.is_available():
        raise SystemExit('error: torch finds no GPU; --device cpu --tiny tries the command without')
    report: dict[str, Any] = {'machine': machine(), 'device': args.device, 'tiny': args.tiny}
    report |= {'parts': {}, 'seconds': {}, 'failed': {}}
    print_line(f'{report["machine"]["gpu"] or "no GPU"}, torch {torch.__version__}')
    if args.work_dir:
        args.work_dir.mkdir(parents=True)
    end = time.monotonic() + 60 * args.minutes
    with tempfile.TemporaryDirectory(prefix='gpu_') as temporary:
        folder = (args.work_dir or Path(temporary)).resolve()
        session = Session(args.device, args.tiny, folder, end)
        for name in args.only:
            part, seconds = PARTS[name]
            start = time.monotonic()
            try:
                limit = session.left() if args.tiny else min(seconds, session.left())
                report['parts'][name] = part(session, limit)
            except Exception as error:  # whatever it is, the other parts have something to tell
                report['failed'][name] = f'{type(error).__name__}: {error}'
                report['parts'][name] = getattr(error, 'results', {})
            report['seconds'][name] = time.monotonic() - start
            found = {key: part for key, part in report['parts'][name].items() if key != 'runs'}
            print_line(f'{name} ({report["seconds"][name]:.0f} s)\n{shown(found)}')
            if name in report['failed']:
                print_line(f'{name} FAILED: {report["failed"][name]}')
            with atomic_write(args.out, 'w') as file:
                json.dump(report, file, indent=1)
    print_line(f'written: {args.out}')
    if report['failed']:
        raise SystemExit(f'error: {", ".join(report["failed"])} failed; see above')


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # which stops the part's processes
    main()
