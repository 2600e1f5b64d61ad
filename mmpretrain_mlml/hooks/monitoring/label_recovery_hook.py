from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import all_reduce, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor

from ...datasets.full_labels import FullLabels
from ...datasets.statistics import count_kinds
from ...monitoring.label_kinds import label_kinds
from ...monitoring.loss_calls import outermost_losses
from ...monitoring.recovery_counter import RecoveryCounter
from ...monitoring.recovery_record import COUNTS, RecoveryRecord
from ...runtime.epochs import iters_per_pass
from ...runtime.unwrap import unwrap_model
from ...visualization.backends import add_scalars_apart
from ...visualization.recovery_curves import draw_recovery


@HOOKS.register_module()
class LabelRecoveryHook(Hook):
    """Counts the unobserved training entries that the loss treats as missing labels, by epoch.

    The loss reports them (``recovered``): entries that SPLC, RLC, LL-Ct and LL-Cp train as positives,
    that LL-R no longer trains as absent, or that Hill nearly ignores. An entry is unobserved if its
    target is exactly 0; with ``unknown='negative'`` also if it is -1, with ``'unobserved'`` only then.
    For a loss that recovers nothing, a warning says so and nothing is counted. Where full labels are
    known, the hook also computes precision (the share of the recovered entries that are truly present)
    and recall (the share of the unobserved, truly present entries that are recovered).

    After each epoch ``recovery/entries``, ``recovery/share`` (of the unobserved entries),
    ``recovery/precision`` and ``recovery/recall``, the last three in percent, go to the log, the
    message hub and every visualiser backend. ``LocalVisBackend`` writes them to a ``recovery.json``
    beside its ``scalars.json``, where MMPretrain's ``analyze_logs.py`` expects lines of training and
    validation alone. The numbers by class go to ``recovery.json`` in the work directory
    (:class:`~mmpretrain_mlml.monitoring.recovery_record.RecoveryRecord`), with those of present,
    verified absent and unobserved labels. After training the curves are drawn to ``recovery.png``. A
    resumed run ends with the same file as an uninterrupted one, also if it was interrupted inside an
    epoch. Under an iteration based loop an epoch is a pass over the data. There, if several processes
    resume from an ordinary checkpoint, the current epoch lacks what all processes but the first had
    counted, as its ``images`` show.

    The hook observes the loss while it trains, so there is no second forward pass, and synchronises
    processes once an epoch. (LL-R, LL-Ct and RLC compute their selection twice, which costs as much as
    the loss.) torch.compile traces it without a graph break. On the digits network, with 64 images a
    batch, it takes 70 to 110 microseconds of a step of 180 milliseconds, 0.04 to 0.06 %, and steps
    take -0.6 to +0.2 % longer (``python benchmarks/recovery.py --pairs 150``, twice, one thread, on an
    idle machine).

    Args:
        full_labels: Changes to the config of the training set that make it return its full labels,
            such as ``dict(protocol='full')`` or ``dict(ann_file='train_full.txt', protocol='full')``.
            Images are matched by name.

    Raises:
        ValueError: Before training, if the model holds several losses, if training images have no full
            labels, or if images are mixed (MixUp, CutMix) and so have none.
    """

    # After SwitchRecipeHook, which replaces losses; before checkpoints, which hold the counts.
    priority = 'LOW'

    def __init__(self, full_labels: Mapping[str, Any] | None = None) -> None:
        self.full_labels = full_labels
        self._labels: FullLabels | None = None
        self._counter = RecoveryCounter()
        self._per_pass: int | None = None  # iterations; None under an epoch based loop
        self._warned = False
        self._resumed: Tensor | None = None  # counts in a checkpoint

    def before_train(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        self._per_pass = iters_per_pass(runner)
        if self.full_labels is not None:
            _require_unmixed_images(runner)
            config = runner.cfg.train_dataloader.dataset
            self._labels = FullLabels(dataset, config, self.full_labels)
        classes = dataset.metainfo['classes']
        done = runner.iter // self._per_pass if self._per_pass else runner.epoch
        self._kinds = count_kinds(dataset)
        self._record = RecoveryRecord(Path(runner.work_dir) / 'recovery.json', classes, done)
        device = next(runner.model.parameters()).device
        self._counter.start(len(classes), self._labels is not None, device)
        if self._resumed is not None and self._per_pass and get_rank() == 0:
            self._counter.load(self._resumed)
        self._resumed = None

    def before_train_epoch(self, runner: Runner) -> None:
        losses = outermost_losses(runner.model)
        if len(losses) > 1:
            names = ', '.join(type(loss).__name__ for loss in losses)
            raise ValueError(f'LabelRecoveryHook observes one loss, but the model has {names}')
        self._counter.observe(losses[0] if losses else None)
        if losses and is_main_process():
            self._record.labels = label_kinds(self._kinds, losses[0])
        if not losses:
            self._warn_once(runner, 'the model')

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if self._labels is not None and self._counter.active:
            self._counter.set_truth(self._labels.of(data_batch['data_samples']))

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self._per_pass and (runner.iter + 1) % self._per_pass == 0:
            self._end_epoch(runner, (runner.iter + 1) // self._per_pass)

    def after_train_epoch(self, runner: Runner) -> None:
        if not self._per_pass:
            self._end_epoch(runner, runner.epoch + 1)
        elif runner.iter % self._per_pass:  # training ends inside a pass
            self._end_epoch(runner, runner.iter // self._per_pass + 1)

    def after_train(self, runner: Runner) -> None:
        if is_main_process() and self._record.epochs and self._counter.loss is not None:
            loss = type(self._counter.loss).__name__
            title = f'{loss}: unobserved entries treated as missing labels'
            draw_recovery(self._record.epochs, title, self._record.path.with_suffix('.png'))

    def _end_epoch(self, runner: Runner, epoch: int) -> None:
        """Write and log the counts of all processes in an epoch, 1-based."""
        if not self._counter.active:
            if self._counter.loss is not None:
                self._warn_once(runner, type(self._counter.loss).__name__)
            return
        counts = self._counter.take()
        all_reduce(counts)
        if not is_main_process():
            return
        rates = self._record.add(epoch, dict(zip(COUNTS, counts.tolist())))
        scalars = {f'recovery/{name}': value for name, value in rates.items()}
        runner.message_hub.update_scalars(scalars)
        add_scalars_apart(runner.visualizer, scalars, epoch, 'recovery.json')
        shown = '  '.join(f'{name}: {value:.2f}' for name, value in scalars.items())
        runner.logger.info(f'Epoch(train) [{epoch}] {shown}')

    def _warn_once(self, runner: Runner, who: str) -> None:
        if not self._warned:
            runner.logger.warning(
                f'LabelRecoveryHook: {who} never treats an unobserved entry as a missing label, so '
                'there is nothing to log'
            )
            self._warned = True

    def process_state(self) -> dict[str, Tensor]:
        """Return the counts of this process in its epoch, for ``interrupted.pth``."""
        return {'counts': self._counter.state()}

    def load_process_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`process_state` returned, before training.

        Raises:
            ValueError: If it was counted with other classes, or with and now without full labels.
        """
        self._counter.load(state['counts'])

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._per_pass:
            checkpoint['recovery'] = self._counter.state()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._resumed = checkpoint.get('recovery') if runner._resume else None
        if self._resumed is not None and get_world_size() > 1 and 'processes' not in checkpoint:
            runner.logger.warning(
                'LabelRecoveryHook: the current epoch lacks what the other processes had counted '
                'before the checkpoint'
            )


def _require_unmixed_images(runner: Runner) -> None:
    preprocessor = getattr(unwrap_model(runner.model), 'data_preprocessor', None)
    if getattr(preprocessor, 'batch_augments', None) is not None:
        raise ValueError(
            'full_labels holds the classes of single images, but batch_augments (MixUp, CutMix) mixes '
            'images: remove one of the two'
        )
