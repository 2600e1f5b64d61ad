from __future__ import annotations

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ...optim import SummedGradients
from ...repairs.resume import skipped_batches


@HOOKS.register_module()
class WholeUpdatesHook(Hook):
    """Lets an optimiser update end with its epoch, and all processes make equally many.

    The first matters where gradients are accumulated by a
    :class:`~mmpretrain_mlml.SummedGradientsConstructor`; the second where the sampler shares images
    out without repeating any (``round_up=False``), since a process with a batch more than the others
    would wait for them forever. A batch (over all processes and accumulated iterations) that is not
    the recipe's, ``auto_scale_lr.base_batch_size``, is worth a warning.

    Raises:
        ValueError: The processes have different numbers of batches; says how many.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            if not runner.optim_wrapper.should_update():
                runner.logger.warning(
                    f'resumed at iteration {runner.iter}, inside an update of several iterations: '
                    'the gradients of the first ones are lost'
                )
            return
        batches = len(runner.train_dataloader)
        of_all = all_gather_object(batches)
        if len(set(of_all)) > 1:
            raise ValueError(
                f'the processes would have {of_all} batches an epoch and wait for each other forever. '
                'The last batch holds fewer images than there are processes: choose another '
                'batch_size or number of processes, or train_dataloader.sampler.round_up=True, which '
                'repeats some images'
            )
        batch = sum(all_gather_object(runner.train_dataloader.batch_size or 0))
        batch *= getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        meant = runner.cfg.get('auto_scale_lr', {}).get('base_batch_size', batch)
        if batch not in (0, meant):
            runner.logger.warning(
                f'an update takes {batch} images over all processes; the recipe is meant for {meant}. '
                'Set train_dataloader.batch_size or optim_wrapper.accumulative_counts'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        epochs = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if epochs and isinstance(runner.optim_wrapper, SummedGradients):
            done = skipped_batches(runner.train_loop)
            runner.optim_wrapper.begin_epoch(len(runner.train_dataloader), done)
