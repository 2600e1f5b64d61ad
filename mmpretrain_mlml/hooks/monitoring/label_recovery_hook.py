from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from ...datasets.full_labels import FullLabels
from ...losses import MultiLabelLoss
from ...monitoring.loss_calls import listen
from ...monitoring.recovery_record import COUNTS, RecoveryRecord
from ...runtime.unwrap import unwrap_model
from ...visualization.recovery_curves import draw_recovery
from ..loss_state.loss_epoch_hook import iters_per_epoch


@HOOKS.register_module()
class LabelRecoveryHook(Hook):
    """Counts the unmarked training entries that the loss treats as if positive, epoch by epoch.

    The loss says which (``recovered``): those that SPLC, RLC, LL-Ct and LL-Cp train as positives, that
    LL-R no longer trains as absent, that Hill nearly ignores. Unmarked is a target of exactly 0. For
    another loss nothing is counted, and a warning says so. Where full labels are known, precision
    (of the recovered entries, how many are truly present) and recall (of the unmarked entries that are
    truly present, how many are recovered) are worked out, too.

    ``recovery/entries``, ``recovery/share`` (of the unmarked entries), ``recovery/precision`` and
    ``recovery/recall``, in percent, go to the log, the message hub and every visualiser backend after
    each epoch; numbers by class to ``recovery.json`` in the work directory
    (:class:`~mmpretrain_mlml.monitoring.recovery_record.RecoveryRecord`); curves to ``recovery.png``
    after the training. A resumed run, also one interrupted inside an epoch, ends with the same file
    as an undisturbed one. Under an iteration based loop an epoch is a pass over the data; there the
    epoch in which several processes are resumed from an ordinary checkpoint lacks what the others had
    counted,
    as its ``images`` show.

    It listens to the loss while it trains, so there is no second forward pass, and synchronises once
    an epoch. (LL-R, LL-Ct and RLC are asked a second time, which costs as much as the loss does.)
    torch.compile traces it without a break. On the digits net, 64 images a batch, its calls take 70 to
    110 microseconds of a step of 180 milliseconds, 0.04 to 0.06 %, and steps with it last -0.6 to
    +0.2 % longer (``python benchmarks/recovery.py --pairs 150``, twice, one thread, all else paused).

    Args:
        full_labels: What to change in the config of the training set to get its full labels, such as
            ``dict(protocol='full')`` or ``dict(ann_file='train_full.txt', protocol='full')``. Images
            are matched by name.

    Raises:
        ValueError: Before training: the model holds several losses; training images have no full
            labels; images are mixed (MixUp, CutMix), which full labels do not know of.
    """

    priority = (
        'LOW'  # after SwitchRecipeHook; before checkpoints, so that none is without its record
    )

    def __init__(self, full_labels: Mapping[str, Any] | None = None) -> None:
        self.full_labels = full_labels
        self._labels: FullLabels | None = None
        self._loss: nn.Module | None = None
        self._handle: Any = None
        self._counts: Tensor | None = None  # (3 or 5, C), rows as in COUNTS
        self._truth: Tensor | None = None  # of the batch, (N, C)
        self._nothing = False  # whether the loss recovers nothing
        self._warned = False  # of that
        self._resumed: Tensor | None = None  # counts of a checkpoint

    def before_train(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        by_iter = isinstance(runner.train_loop, IterBasedTrainLoop)
        self._per_epoch = iters_per_epoch(runner) if by_iter else None
        if self.full_labels is not None:
            _refuse_mixing(runner)
            config = runner.cfg.train_dataloader.dataset
            self._labels = FullLabels(dataset, config, self.full_labels)
        classes = dataset.metainfo['classes']
        self._record = RecoveryRecord(
            Path(runner.work_dir) / 'recovery.json', classes, self._epoch(runner)
        )
        rows = len(COUNTS) if self._labels else COUNTS.index('right')
        device = next(runner.model.parameters()).device
        self._counts = torch.zeros(rows, len(classes), dtype=torch.int64, device=device)
        if self._resumed is not None and by_iter and get_rank() == 0:
            self._counts.copy_(self._resumed)
        self._resumed = None

    def before_train_epoch(self, runner: Runner) -> None:
        found = outermost(runner.model)
        if len(found) > 1:
            names = ', '.join(type(loss).__name__ for loss in found)
            raise ValueError(f'LabelRecoveryHook listens to one loss, and the model has {names}')
        loss = found[0] if found else None
        if loss is not self._loss or loss is None:  # at first, and after a SwitchRecipeHook
            if self._handle is not None:
                self._handle.remove()
            self._loss, self._nothing = loss, False
            if loss is None:
                self._warn_of_nothing(runner, 'the model')
            else:
                self._handle = listen(loss, self._count)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any] | None = None
    ) -> None:
        if self._labels is not None and not self._nothing:
            truth = self._labels.of(data_batch['data_samples'])
            self._truth = truth.to(self._counts.device, non_blocking=True)

    def _count(self, loss: nn.Module, pred: Tensor, target: Tensor, context: dict) -> None:
        if self._nothing:
            return
        recovered = loss.recovered(pred, target, **context)
        if recovered is None:
            self._nothing = True
            return
        unmarked = loss.unobserved(target)
        found = [torch.ones_like(unmarked), unmarked, recovered]
        if self._truth is not None:
            found += [recovered & self._truth, unmarked & self._truth]
        self._counts += torch.stack(found).sum(1)

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self._per_epoch and (runner.iter + 1) % self._per_epoch == 0:
            self._close(runner, (runner.iter + 1) // self._per_epoch)

    def after_train_epoch(self, runner: Runner) -> None:
        if not self._per_epoch:
            self._close(runner, runner.epoch + 1)
        elif runner.iter % self._per_epoch:  # ends inside a pass
            self._close(runner, runner.iter // self._per_epoch + 1)

    def after_train(self, runner: Runner) -> None:
        if is_main_process() and self._record.epochs and self._loss is not None:
            title = f'{type(self._loss).__name__}: unmarked entries taken for missed positives'
            draw_recovery(self._record.epochs, title, self._record.path.with_suffix('.png'))

    def _close(self, runner: Runner, epoch: int) -> None:
        """Ends an epoch, 1-based: what all processes counted goes to the file and to the log."""
        if self._nothing:
            self._warn_of_nothing(runner, type(self._loss).__name__)
        if self._nothing or self._loss is None:
            return
        counts = self._counts.clone()
        self._counts.zero_()
        all_reduce(counts)
        if not is_main_process():
            return
        found = self._record.add(epoch, dict(zip(COUNTS, counts.tolist())))
        scalars = {f'recovery/{name}': value for name, value in found.items()}
        runner.message_hub.update_scalars(scalars)
        runner.visualizer.add_scalars(scalars, step=epoch, file_path=f'{runner.timestamp}.json')
        shown = '  '.join(f'{name}: {value:.2f}' for name, value in scalars.items())
        runner.logger.info(f'Epoch(train) [{epoch}] {shown}')

    def _warn_of_nothing(self, runner: Runner, who: str) -> None:
        if not self._warned:
            runner.logger.warning(
                f'LabelRecoveryHook: {who} never takes an unmarked entry for a missed positive, so '
                'there is nothing to log'
            )
            self._warned = True

    def _epoch(self, runner: Runner) -> int:
        """How many epochs are done."""
        return runner.iter // self._per_epoch if self._per_epoch else runner.epoch

    def process_state(self) -> dict[str, Tensor]:
        """What this process has counted in its epoch, for ``interrupted.pth``."""
        return {} if self._counts is None else {'counts': self._counts.cpu()}

    def load_process_state(self, state: Mapping[str, Tensor]) -> None:
        """Takes up what :meth:`process_state` gave, before training.

        Raises:
            ValueError: It was counted with other classes, or with and now without full labels.
        """
        counts = state['counts']
        if counts.shape != self._counts.shape:
            raise ValueError(
                f'the checkpoint holds counts of recovered labels of shape {tuple(counts.shape)}, '
                f'expected {tuple(self._counts.shape)}: resume with the same classes and full_labels'
            )
        self._counts.copy_(counts)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._per_epoch and self._counts is not None:
            checkpoint['recovery'] = self._counts.cpu()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._resumed = checkpoint.get('recovery') if runner._resume else None
        if self._resumed is not None and get_world_size() > 1 and 'processes' not in checkpoint:
            runner.logger.warning(
                'LabelRecoveryHook: the epoch at hand lacks what other processes counted before the '
                'checkpoint'
            )


def outermost(model: nn.Module) -> list[MultiLabelLoss]:
    """The losses in a model that are not the base of another one."""
    if isinstance(model, MultiLabelLoss):
        return [model]
    return [found for child in model.children() for found in outermost(child)]


def _refuse_mixing(runner: Runner) -> None:
    model = unwrap_model(runner.model)
    if getattr(getattr(model, 'data_preprocessor', None), 'batch_augments', None) is not None:
        raise ValueError(
            'full_labels says what single images show, and batch_augments (MixUp, CutMix) mixes them: '
            'take away one of the two'
        )
