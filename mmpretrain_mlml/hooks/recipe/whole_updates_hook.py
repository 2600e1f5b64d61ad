from __future__ import annotations

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ...optim import SummedGradients
from ...repairs.resume import skipped_batches


@HOOKS.register_module()
class WholeUpdatesHook(Hook):
    """Ends the last optimiser update of an epoch with the epoch, in all processes alike.

    With a :class:`~mmpretrain_mlml.SummedGradientsConstructor` and accumulated gradients, the last
    update of an epoch takes the iterations that are left. Before training the hook checks that all
    processes have equally many batches: with a sampler that repeats no image (``round_up=False``) one
    process may have a batch more, and would wait for the others forever. It warns if the number of
    images in an update, over all processes and accumulated iterations, is not that of the recipe
    (``auto_scale_lr.base_batch_size``).

    Raises:
        ValueError: If the processes have different numbers of batches; the message lists them.
    """

    priority = 'VERY_HIGH'
    ends_updates_with_epoch = True  # see runtime.protocols.EndsUpdates

    def before_train(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            if not runner.optim_wrapper.should_update():
                runner.logger.warning(
                    f'resumed at iteration {runner.iter}, inside an update of several iterations: '
                    'the gradients of the earlier ones are lost'
                )
            return
        batches = all_gather_object(len(runner.train_dataloader))
        if len(set(batches)) > 1:
            raise ValueError(
                f'the processes would have {batches} batches an epoch and wait for each other '
                'forever. The last batch holds fewer images than there are processes: choose another '
                'batch_size or number of processes, or train_dataloader.sampler.round_up=True, which '
                'repeats some images'
            )
        batch_size = getattr(runner.train_dataloader, 'batch_size', None) or 0  # 0: unknown
        images = sum(all_gather_object(batch_size))
        images *= getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        expected = runner.cfg.get('auto_scale_lr', {}).get('base_batch_size', images)
        if images not in (0, expected):
            runner.logger.warning(
                f'an update takes {images} images over all processes, but the recipe expects '
                f'{expected}. Set train_dataloader.batch_size or optim_wrapper.accumulative_counts'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if by_epoch and isinstance(runner.optim_wrapper, SummedGradients):
            done = skipped_batches(runner.train_loop)
            runner.optim_wrapper.begin_epoch(len(runner.train_dataloader), done)
