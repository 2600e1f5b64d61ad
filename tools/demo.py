"""What Hill and SPLC gain over BCE when 60 % of the labels are missing, on embedded images.

Trains configs/studies/demo.py anew, prints a table, and writes demo.json and demo.png.
"""

import argparse
import json
from pathlib import Path

from command_line import run

HIGH, LOW = 'BCE, all labels', 'BCE, 40 % of labels'
ROWS = {
    HIGH: ('BCE', 'full'),
    LOW: ('BCE', '0.4left'),
    'Hill, 40 % of labels': ('Hill', '0.4left'),
    'SPLC, 40 % of labels': ('SPLC', '0.4left'),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--jobs', type=int, help='runs at a time; default: one a core, up to 4')
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/demo'),
        help='a used folder is trained in anew',
    )
    args = parser.parse_args()
    from joblib import cpu_count
    from mmengine.logging import MMLogger
    from rich.console import Console
    from rich.table import Table

    from mmpretrain_mlml import config
    from mmpretrain_mlml.study import RunsFailed, read_study, train_study
    from mmpretrain_mlml.study.comparison.cells import group_runs
    from mmpretrain_mlml.study.report.epoch_figures import draw_curves
    from mmpretrain_mlml.study.report.study_report import read_study_records
    from mmpretrain_mlml.study.report.tables import RATES, cell_table, gaps_closed

    MMLogger.get_current_instance().setLevel('WARNING')

    jobs = min(4, cpu_count()) if args.jobs is None else args.jobs
    try:
        study = read_study(config('studies/demo.py'), args.seeds)
        number = len(study.runs)
        print(f'training {number} small networks, {jobs} at a time, into {args.work_dir}')
        train_study(study.runs, args.work_dir, jobs, resume=False)
    except (RunsFailed, ValueError) as error:
        raise SystemExit(f'error: {error}') from error

    records, unread = read_study_records(study, args.work_dir)
    if unread:
        raise SystemExit(f'error: {unread}')
    by_place = group_runs(records)
    cells = {row: by_place[place] for row, place in ROWS.items()}
    header, *rows = cell_table(cells, LOW, HIGH)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(table)

    content = {
        'seeds': args.seeds,
        'mAP_gap_closed_percent': gaps_closed(cells, LOW, HIGH),
        'runs': {row: {s: cell.history(s) for s in ('mAP', 'OF1')} for row, cell in cells.items()},
        'recovered': {
            row: {rate: cell.recovery(rate) for rate in RATES if cell.recovery(rate)}
            for row, cell in cells.items()
            if any(map(cell.recovery, RATES))
        },
    }
    (args.work_dir / 'demo.json').write_text(json.dumps(content, indent=2))
    title = 'Digit scenes, 40 % of the training labels left'
    names = {place: row for row, place in ROWS.items()}
    draw_curves(by_place, title, study.reference, study.full, args.work_dir / 'demo.png', names)
    print(f'written: {args.work_dir}/demo.json and {args.work_dir}/demo.png')
    print(f'missing labels that a loss recovered, by epoch: {args.work_dir}/*/recovery.png')


if __name__ == '__main__':
    run(main)
