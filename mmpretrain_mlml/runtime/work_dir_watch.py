"""A work directory that is deleted while a run trains in it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner


class WorkDirWatch(Hook):
    """Asks a run to stop, with a checkpoint, when its work directory is gone.

    Otherwise the next line of a log would end it, with all checkpoints lost. The tools add the hook to
    their runners. It makes the folder again and sends its own process a SIGTERM, on which
    :class:`~mmpretrain_mlml.InterruptionHook` saves ``interrupted.pth``.
    """

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if not is_main_process() or os.path.isdir(runner.log_dir):  # noqa: PTH112  of each iteration
            return
        Path(runner.log_dir, 'vis_data').mkdir(parents=True, exist_ok=True)
        runner.logger.error(
            f'{runner.work_dir} was deleted while this run trained in it, with its checkpoints: '
            'stopping after this iteration, with a new checkpoint there'
        )
        os.kill(os.getpid(), signal.SIGTERM)
