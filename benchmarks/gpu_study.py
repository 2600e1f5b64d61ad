"""The study of gpu.py: the released recipe on photographs, as many seeds as fit. Not a script."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from joblib import cpu_count
from photo_folder import WEIGHTS, draw_folder

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / 'configs/studies/photos_gpu.py'
STOP, REPORT = 20.0, 30.0  # seconds that stopping the runs takes, and their report
TINY = dict(
    train_dataloader=dict(batch_size=4, num_workers=0, persistent_workers=False),
    val_dataloader=dict(batch_size=4, num_workers=0, persistent_workers=False),
    train_cfg=dict(max_epochs=2),
)
TINY_RUNS = "seeds = [0]\nonly = ['0.4left_SPLC_*', 'full_BCE_*']\n"


def run_study(
    folder: Path, seconds: float, device: str, tiny: bool, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Train the runs of the study in their order until the time is over, and report on them.

    Args:
        folder: Folder for the study.
        seconds: Time for all of it.
        device: Device of the runs.
        tiny: Whether to train two epochs on drawn images.
        tell: Called with a line of text whenever a run is finished.

    Returns:
        ``'runs'``: scores of each finished run, by its name; ``'means'`` by labels and loss;
        ``'unfinished'``: the last scores of other runs, with their epoch as ``'step'``;
        ``'table'``: the report, with differences and intervals; ``'failed'``: the end of the log if a
        run failed; ``'weights'`` and ``'images'``, what it trained on.

    Raises:
        FileNotFoundError: If ``PHOTOS_ROOT`` is no folder of photographs.
    """
    start = time.monotonic()
    work_dir, log = folder / 'study', folder / 'study.log'
    photos = (
        folder / 'photos' if tiny else Path(os.environ.get('PHOTOS_ROOT', ROOT / 'data/photos'))
    )
    if tiny:
        draw_folder(photos, 16, 8, side=64)
    elif not (photos / 'val_full.txt').is_file():
        raise FileNotFoundError(f'no photographs in {photos}; set PHOTOS_ROOT')
    weights = '' if tiny else weights_file(photos)
    study = folder / 'photos_gpu.py'
    study.write_text(study_text(photos, weights, folder / 'cache', tiny))
    command = [
        sys.executable,
        str(ROOT / 'tools/study.py'),
        str(study),
        '--work-dir',
        str(work_dir),
    ]
    jobs = ['--jobs', str(max(2, cpu_count() // 3))]
    environment = {
        **os.environ,
        'PHOTOS_ROOT': str(photos.resolve()),
        'PYTHONPATH': os.pathsep.join(filter(None, [str(ROOT), os.environ.get('PYTHONPATH')])),
    }
    if weights:
        environment['MOBILENET_V2_WEIGHTS'] = weights
    if device == 'cpu':
        environment['CUDA_VISIBLE_DEVICES'] = ''
    finished: dict[str, dict[str, float]] = {}
    with log.open('w') as output:
        process = subprocess.Popen(
            [*command, *jobs], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None and time.monotonic() - start < seconds - STOP - REPORT:
                time.sleep(0.5)
                tell_finished(work_dir, finished, tell)
            stopped = process.poll() is None
        finally:
            stop(process)
        tell_finished(work_dir, finished, tell)
        if stopped and finished:
            left = max(seconds - (time.monotonic() - start), 1)
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [*command, '--report'], env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                    stdout=output, stderr=subprocess.STDOUT, timeout=left,
                )  # fmt: skip
    table = work_dir / 'report/table.md'
    text = log.read_text(errors='replace')
    return {
        'runs': finished,
        'means': means(finished),
        'unfinished': unfinished(work_dir, finished),
        'table': table.read_text() if table.is_file() else '',
        'failed': '' if stopped or process.returncode == 0 else text[-2500:],
        'stopped by the clock': stopped,
        'weights': Path(weights).name or 'none',
        'images': len((photos / 'train_full.txt').read_text().splitlines()),
    }


def weights_file(photos: Path) -> str:
    """Return the file of pretrained weights; empty if there is none."""
    beside = photos / WEIGHTS
    given = os.environ.get('MOBILENET_V2_WEIGHTS') or (str(beside) if beside.is_file() else '')
    return str(Path(given).resolve()) if given else ''


def study_text(photos: Path, weights: str, cache: Path, tiny: bool) -> str:
    """Return a study file with the folders, and without pretrained weights if there are none."""
    pipeline_cache = dict(image_cache=str(cache.resolve()))
    options: dict[str, Any] = dict(
        train_dataloader=dict(dataset=pipeline_cache), val_dataloader=dict(dataset=pipeline_cache)
    )
    if not weights:
        options['model'] = dict(backbone=dict(init_cfg=None))
    for key, value in (TINY if tiny else {}).items():
        options[key] = {**options.get(key, {}), **value}
    count = min(2500, len((photos / 'train_full.txt').read_text().splitlines()))
    changes = f'images = [{count}]\noptions = {options!r}\n'
    return f'_base_ = {str(STUDY)!r}\n{changes}' + (TINY_RUNS if tiny else '')


def tell_finished(
    work_dir: Path, finished: dict[str, dict[str, float]], tell: Callable[[str], None]
) -> None:
    """Add the scores of runs that have finished since."""
    for path in sorted(work_dir.glob('*/run.json')):
        name = path.parent.name
        if name not in finished and json.loads(path.read_text())['finished']:
            finished[name] = last_scores(path.parent)
            tell(f'  {name}: mAP {finished[name].get("multi-label/mAP", float("nan")):.2f}')


def last_scores(folder: Path) -> dict[str, float]:
    """Return the scores of the last validation of a run: of the averaged model, and raw/ ones."""
    rows = [
        json.loads(line)
        for path in sorted(folder.glob('*/vis_data/scalars.json'))
        for line in path.read_text().splitlines()
    ]
    rows = [row for row in rows if 'multi-label/mAP' in row]
    kept = rows[-1].items() if rows else ()
    return {key: value for key, value in kept if 'multi-label' in key or key == 'step'}


def unfinished(work_dir: Path, finished: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the last scores of the runs that were validated but are not finished."""
    begun = [path.parent for path in sorted(work_dir.glob('*/run.json'))]
    scores = {folder.name: last_scores(folder) for folder in begun if folder.name not in finished}
    return {name: found for name, found in scores.items() if found}


def means(finished: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the mean mAP over seeds by labels and loss, averaged and raw weights, and the number."""
    groups: dict[str, list[dict[str, float]]] = {}
    for name, scores in finished.items():
        groups.setdefault(re.sub(r'_seed\d+$', '', name), []).append(scores)
    keys = 'multi-label/mAP', 'raw/multi-label/mAP', 'multi-label/OF1'
    return {
        name: {
            'seeds': len(runs),
            **{key: sum(run.get(key, float('nan')) for run in runs) / len(runs) for key in keys},
        }
        for name, runs in groups.items()
    }


def stop(process: subprocess.Popen) -> None:
    """Ask the study to stop, which stops its runs; insist if that takes long."""
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP / 2)
            except subprocess.TimeoutExpired:
                continue
    process.wait()
