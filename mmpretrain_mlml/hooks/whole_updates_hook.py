from __future__ import annotations

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ..optim import SummedGradients


@HOOKS.register_module()
class WholeUpdatesHook(Hook):
    """Lets an optimiser update end with its epoch, and all processes make equally many.

    The first matters where gradients are accumulated by a
    :class:`~mmpretrain_mlml.SummedGradientsConstructor`; the second where the sampler shares images
    out without repeating any (``round_up=False``), since a process with a batch more than the others
    would wait for them forever.

    Raises:
        ValueError: The processes have different numbers of batches; says how many.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
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
        if isinstance(runner.optim_wrapper, SummedGradients):
            runner.optim_wrapper.epoch_length = batches
