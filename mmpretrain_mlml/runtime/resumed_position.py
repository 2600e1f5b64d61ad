"""The position of a resumed run, converted to its batch size, images and processes.

The position is progress: whole epochs, and inside an epoch the images that were seen. A run that
resumes with other numbers stands where a run that always had them would stand: its iterations are
counted anew, and its schedules replayed. What cannot be converted exactly is refused.
"""

from __future__ import annotations

from mmengine.dataset import DefaultSampler
from mmengine.optim import _ParamScheduler
from mmengine.runner import EpochBasedTrainLoop, Runner

from ..losses.protocols import NeedsEpoch
from .models import all_modules
from .process_state import share_out
from .protocols import EndsUpdates
from .run_identity import Lengths, OtherRunError, wrappers
from .schedule_replay import (
    jump,
    needs_scores,
    replay,
    same_shape,
    scheduled_keys,
    updates_of,
)

WAY_OUT = 'Resume with the same batch size, images and number of processes'


def convert_position(runner: Runner, checkpoint: dict, before: Lengths, now: Lengths) -> None:
    """Convert the counts in a checkpoint, in place, to an epoch of another length.

    Args:
        runner: Runner that has loaded the checkpoint and not yet used it.
        checkpoint: Checkpoint with training state.
        before: Lengths of the run that wrote it.
        now: Lengths of this run.

    Raises:
        OtherRunError: If the position is none of a run with these lengths. The message says how to
            resume instead.
    """
    if before == now:
        return
    meta = checkpoint['meta']
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        inside = meta.get('interrupted')
        done = _batches(runner, inside['done'], before, now) if inside else 0
        meta['iter'] = meta['epoch'] * now.iterations + done
    else:
        inside, done = meta.get('interrupted'), meta['iter']
        _require_same_passes(runner, before, now)
    if inside:
        meta['interrupted'] = {'done': done, 'length': len(runner.train_dataloader)}
        checkpoint['processes'] = share_out(checkpoint.get('processes') or [], now.processes)
    inner = done if _whole_epochs(runner) else meta['iter']
    if inner % now.accumulated:
        raise OtherRunError(
            f'the checkpoint was written with {before}; with {now} it would lie inside an update, '
            f'after {inner % now.accumulated} of {now.accumulated} iterations. {WAY_OUT}'
        )


def convert_schedules(
    runner: Runner, checkpoint: dict, before: Lengths, now: Lengths, meant: bool
) -> bool:
    """Replay the schedules of a run, and put them into the checkpoint in place of its own.

    Nothing is changed where the schedules have the shape and the position of those in the checkpoint.

    Args:
        runner: As for :func:`convert_position`, which comes first.
        checkpoint: As for :func:`convert_position`.
        before: As for :func:`convert_position`.
        now: As for :func:`convert_position`.
        meant: Whether the config has other schedules, so that values may change.

    Returns:
        Whether schedules were replayed.

    Raises:
        OtherRunError: If the schedules depend on the scores of earlier validations, or if they count
            iterations, which are of another size now.
    """
    built = runner.param_schedulers
    if not built or 'optimizer' not in checkpoint:
        return False
    saved = checkpoint.setdefault('param_schedulers', {} if isinstance(built, dict) else [])
    changed = False
    moved = before[-2:] != now[-2:]  # iterations of an update and of an epoch
    ratio = now.iterations / before.iterations
    ratio = max(ratio, ratio * before.accumulated / now.accumulated)  # a schedule may count updates
    for name, wrapper in wrappers(runner).items():
        schedulers = built[name] if name else built
        states = saved.setdefault(name, []) if name else saved
        by_iteration = any(not scheduler.by_epoch for scheduler in schedulers)
        if same_shape(schedulers, states) and not (by_iteration and moved):
            continue
        if needs_scores(schedulers):
            raise OtherRunError(
                f'a schedule follows the scores of earlier validations, and another one changes '
                f'with {now} instead of {before}: their product is not known. {WAY_OUT}'
            )
        optimizer = checkpoint['optimizer']
        optimizer = optimizer[name] if name else optimizer
        groups = optimizer['param_groups']
        _replay(runner, schedulers, checkpoint['meta'], now)
        difference = '' if meant else jump(schedulers, groups, ratio)
        if difference:
            raise OtherRunError(
                f'the checkpoint was written with {before}, this run has {now}: a schedule that '
                f'counts iterations would continue with {difference}. {WAY_OUT}, or write the '
                'schedule in epochs with convert_to_iter_based=True'
            )
        states[:] = [scheduler.state_dict() for scheduler in schedulers]
        keys = scheduled_keys(schedulers)
        base = optimizer.get('base_param_settings')
        old_groups = [*groups, base] if base is not None else groups
        for group, old in zip(wrapper.param_groups, old_groups, strict=False):
            old.update({key: group[key] for key in keys & group.keys()})
        changed = True
    return changed


def _replay(runner: Runner, schedulers: list[_ParamScheduler], meta: dict, now: Lengths) -> None:
    length = now.iterations
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        updates = updates_of(now.accumulated, length, whole_epochs=False)
        replay(schedulers, 0, length, meta['iter'], updates)
        return
    rest = meta['iter'] - meta['epoch'] * length
    updates = updates_of(now.accumulated, length, _whole_epochs(runner))
    replay(schedulers, meta['epoch'], length, rest, updates)


def _batches(runner: Runner, done: int, before: Lengths, now: Lengths) -> int:
    """Return the batches, of the size of now, that hold the images seen in an epoch so far.

    All processes of MMEngine's ``DefaultSampler`` together take the images in one order, which
    depends on seed and epoch alone.
    """
    seen = done * before.batch * before.processes
    step = now.batch * now.processes
    sampler = getattr(runner.train_dataloader.batch_sampler, 'sampler', None)
    if before.images != now.images or seen % step or type(sampler) is not DefaultSampler:
        raise OtherRunError(
            f'the checkpoint was written inside an epoch, after {seen} images, with {before}. This '
            f'run has {now}, in which no batch begins there. {WAY_OUT}, or from an epoch_*.pth'
        )
    return seen // step


def _require_same_passes(runner: Runner, before: Lengths, now: Lengths) -> None:
    """Refuse another length of a pass where an epoch that a loss follows would jump."""
    following = [m for m in all_modules(runner) if isinstance(m, NeedsEpoch)]
    if following and before.iterations != now.iterations:
        raise OtherRunError(
            f'{type(following[0]).__name__} follows the passes over the data, which an iteration '
            f'based loop counts in iterations: a pass had {before.iterations} of them, and has '
            f'{now.iterations} now. {WAY_OUT}'
        )


def _whole_epochs(runner: Runner) -> bool:
    """Return whether the last update of an epoch ends with it."""
    return (
        isinstance(runner.train_loop, EpochBasedTrainLoop)
        and any(isinstance(hook, EndsUpdates) for hook in runner.hooks)
        and all(hasattr(wrapper, 'begin_epoch') for wrapper in wrappers(runner).values())
    )
