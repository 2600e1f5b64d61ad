"""Runs a study (losses by label lists by seeds, ...) and reports what the losses gain.

python tools/study.py configs/studies/digits.py

Started again, the command resumes: finished runs are not trained again, begun ones continue from
their checkpoint.
"""

import argparse
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('study', type=Path, help='a study file; see configs/studies')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/NAME_OF_THE_STUDY')
    parser.add_argument('--jobs', type=int, help='runs at a time; default: one a GPU, or one')
    parser.add_argument(
        '--only', nargs='+', default=[], metavar='PATTERN', help="such as '*_SPLC_*'"
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='checks the study and lists its runs'
    )
    parser.add_argument(
        '--report', action='store_true', help='reports what is finished, runs nothing'
    )
    args = parser.parse_args()
    from mmengine.logging import MMLogger

    import mmpretrain_mlml  # noqa: F401  registers the parts and repairs the stack
    from mmpretrain_mlml.study import RunsFailed, choose, read_study, report_study, train_study
    from mmpretrain_mlml.study.training.pool import gpu_names

    MMLogger.get_current_instance().setLevel('WARNING')  # each config logs its variables
    failed: Exception | None = None
    try:
        study = read_study(args.study)
        runs = choose(study.runs, args.only)
        work_dir = args.work_dir or Path('work_dirs') / study.name
        if args.dry_run:
            print(f'{len(runs)} runs into {work_dir}:', *(run.name for run in runs), sep='\n')
            return
        if not args.report:
            jobs = max(1, len(gpu_names())) if args.jobs is None else args.jobs
            try:
                train_study(runs, work_dir, jobs)
            except RunsFailed as error:
                failed = error
        try:
            print(report_study(study, work_dir))
            print(f'written: {work_dir}/report')
        except ValueError as error:
            failed = failed or error
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; the same command resumes') from None
    if failed:
        raise SystemExit(f'error: {failed}')


if __name__ == '__main__':
    run(main)
