"""MMPretrain's own command-line tools, on the repaired stack."""

from __future__ import annotations

import logging
import os
import runpy
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import FlexibleRunner, Runner

from ..repairs import require_repairs
from ..repairs.distributed import end_with_launcher, leave_gloo
from ..repairs.loading import CODE_ALLOWED, code_is_allowed
from .allocator import keep_freed_memory
from .config_check import check_config
from .config_keys import ConfigError, option_keys
from .console import log_file, quiet_the_console
from .downloads import explain_failed_downloads
from .fitting import refuse_unrelated_weights
from .garbage_collection import CollectFromNow
from .protocols import ComparesRuns
from .start_checks import StartChecks
from .threads import set_threads
from .thresholds import KEY
from .user_errors import user_errors_in_one_line
from .work_dir_lock import lock_work_dirs, make_folder
from .work_dir_watch import WorkDirWatch


class KeepFreedMemory(Hook):
    """Lets the allocator keep what is freed from now on, when the data sets have been built."""

    def before_run(self, runner: Runner) -> None:
        keep_freed_memory()


def run_mmpretrain_script(
    script: Path,
    accept_changes: bool = False,
    thresholds: str | None = None,
    hooks: Sequence[str] = (),
) -> None:
    """Run one of MMPretrain's command-line tools with the arguments of this process.

    Args:
        script: Its ``tools/train.py`` or ``tools/test.py``.
        accept_changes: Whether a run that resumes may differ from that of the checkpoint.
        thresholds: Decision thresholds, a number or a file, in place of those of config and
            checkpoint; None for these.
        hooks: Types of hooks that a runner gets unless its config has one of that class.

    Raises:
        SystemExit: If the repairs are turned off.
    """
    with user_errors_in_one_line():
        require_repairs(f'tools/{script.name}')
    keep_weights_only()
    explain_failed_downloads(script.name)
    refuse_unrelated_weights()
    end_with_launcher()
    threads = set_threads()
    if os.environ.get('RANK', '0') == '0':
        print_log(threads)
    quiet_the_console()
    check_before_running(accept_changes, thresholds, hooks)
    end_with_reader()
    trains = script.name == 'train.py'  # a test writes nothing that a training would mix up
    try:
        with user_errors_in_one_line(), lock_work_dirs() if trains else nullcontext():
            runpy.run_path(str(script), run_name='__main__')
    except (KeyboardInterrupt, SystemExit) as end:  # a run that was asked to stop, among others
        for number in (signal.SIGINT, signal.SIGTERM):  # it ends: nothing else to interrupt
            signal.signal(number, signal.SIG_IGN)
        if isinstance(end, KeyboardInterrupt):
            advice = '; --resume continues from the last checkpoint' if trains else ''
            sys.stderr.write(f'interrupted: stopped at once{advice}\n')
            end = SystemExit(128 + signal.SIGINT)
        if isinstance(end.code, int):
            leave_gloo(end.code)
        raise end from None
    leave_gloo()


def end_with_reader() -> None:
    """Stop as at a SIGTERM when nobody reads the log any more, as after ``| head``.

    A training saves ``interrupted.pth``. Otherwise each line of the log would print a traceback.
    """
    handle_error = logging.Handler.handleError

    def stop_or_handle(self: logging.Handler, record: logging.LogRecord) -> None:
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            handle_error(self, record)
            return
        with Path(os.devnull).open('wb') as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        os.kill(os.getpid(), signal.SIGTERM)

    logging.Handler.handleError = stop_or_handle  # type: ignore[method-assign]


def keep_weights_only() -> None:
    """Ignore the environment variable by which torch would run the code in checkpoints, and say so."""
    if code_is_allowed():
        print_log(
            f'{CODE_ALLOWED} is ignored: the tools of this project load checkpoints as data',
            'current',
            logging.WARNING,
        )
        del os.environ[CODE_ALLOWED]


def check_before_running(
    accept_changes: bool = False, thresholds: str | None = None, hooks: Sequence[str] = ()
) -> None:
    """Make runners check their config before they are built, and their parts before they run.

    Args:
        accept_changes: As for :func:`run_mmpretrain_script`.
        thresholds: As for :func:`run_mmpretrain_script`.
        hooks: As for :func:`run_mmpretrain_script`.
    """
    options = option_keys(sys.argv[1:])
    for runner in (Runner, FlexibleRunner):
        checked = _checked(runner.from_cfg.__func__, options, accept_changes, thresholds, hooks)
        runner.from_cfg = classmethod(checked)


def _checked(
    from_cfg: Any,
    options: list[str],
    accept_changes: bool,
    thresholds: str | None,
    hooks: Sequence[str],
) -> Any:
    def from_checked_cfg(cls: type, cfg: Config) -> Any:
        if thresholds is not None:
            cfg[KEY] = thresholds
        warnings = check_config(cfg, options)
        make_folder(Path(cfg['work_dir']))
        runner = from_cfg(cls, cfg)
        runner.register_hook(CollectFromNow(), 'HIGHEST')
        runner.register_hook(StartChecks(), 'HIGHEST')
        runner.register_hook(WorkDirWatch(), 'HIGHEST')
        runner.register_hook(KeepFreedMemory(), 'LOWEST')
        present = {base.__name__ for hook in runner.hooks for base in type(hook).__mro__}
        for kind in hooks:
            if kind.rpartition('.')[2] not in present:
                runner.register_hook({'type': kind})
        runner.logger.info(f'environment, config and hooks are in {log_file(runner.logger)}')
        for warning in warnings:  # now into the log file of the run, too
            runner.logger.warning(warning)
        if accept_changes:
            _accept_changes(runner)
        return runner

    return from_checked_cfg


def _accept_changes(runner: Runner) -> None:
    hooks = [hook for hook in runner.hooks if isinstance(hook, ComparesRuns)]
    if not hooks:
        raise ConfigError(
            '--accept-changes speaks to RunIdentityHook, which is not among the hooks of this config: '
            "add default_hooks.run_identity=dict(type='mmpretrain_mlml.RunIdentityHook')"
        )
    for hook in hooks:
        hook.accept_changes = True
