"""Small runs of MMEngine alone, to compare its behaviour without and with the import of this package.

python stock_runs.py FOLDER    # in a process of its own: without; prints what each run left as JSON
"""

import json
import os
import re
import sys
from pathlib import Path

import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner, find_latest_checkpoint


class Line(BaseModel):
    def __init__(self, inputs=1):
        super().__init__()
        self.line = torch.nn.Linear(inputs, 1)

    def forward(self, inputs, mode='loss'):
        return {'loss': self.line(inputs).sum()} if mode == 'loss' else [inputs]


class Scores(BaseMetric):
    """A metric that grows with each validation of a process."""

    score = 0

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        type(self).score += 1
        return {'acc': self.score, 'top': 10 + self.score}


def collate(samples):
    return {'inputs': torch.stack(samples)}


def make_runner(work_dir: Path, epochs: int, checkpoint: dict, **kwargs) -> Runner:
    loader = {
        'dataset': [torch.ones(1)] * 4,
        'batch_size': 2,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'collate_fn': collate,
    }
    return Runner(
        Line(),
        str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg={'by_epoch': True, 'max_epochs': epochs},
        val_cfg={},
        val_evaluator=[Scores()],
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1, 'momentum': 0.9}},
        param_scheduler={'type': 'MultiStepLR', 'milestones': [1, 2], 'end': 9},
        default_hooks={'checkpoint': {'type': 'CheckpointHook', **checkpoint}},
        experiment_name=f'{work_dir}-{epochs}-{len(kwargs)}',
        log_level='ERROR',
        **kwargs,
    )


def train_and_resume(folder: Path, work='run', **checkpoint) -> dict:
    """Train an epoch, then resume for another; return what is left."""
    make_runner(folder / work, 1, checkpoint).train()
    runner = make_runner(folder / work, 2, checkpoint, resume=True)
    runner.train()
    return left(folder, runner)


def left(folder: Path, runner: Runner) -> dict:
    names = sorted(
        str(p.relative_to(folder)) for end in ('pth', 'pt') for p in folder.rglob(f'*.{end}')
    )
    lr = runner.optim_wrapper.get_lr()['lr']
    names = [re.sub(r'-[0-9a-f]{8}\.', '-SHA.', name) for name in names]
    return {'files': names, 'epoch': runner.epoch, 'iter': runner.iter, 'lr': lr}


def best_elsewhere(folder):
    return train_and_resume(
        folder, save_best='acc', out_dir=str(folder / 'out'), published_keys=['state_dict', 'meta']
    )


def two_bests_elsewhere(folder):
    return train_and_resume(
        folder, save_best=['acc', 'top'], out_dir=str(folder / 'out'), published_keys='state_dict'
    )


def best_with_template(folder):
    return train_and_resume(folder, save_best='acc', filename_tmpl='ep{}.pt', max_keep_ckpts=1)


def run_all(folder: Path) -> dict:
    results = {}
    for name, run in RUNS.items():
        Scores.score = 0
        results[name] = run(folder / name)
    return results


def from_the_best(folder):
    """A best checkpoint has neither optimiser nor schedule."""
    make_runner(folder / 'run', 2, {'save_best': 'acc'}).train()
    best = folder / 'run/best_acc_epoch_2.pth'
    runner = make_runner(folder / 'run', 3, {}, resume=True, load_from=str(best))
    runner.train()
    return left(folder, runner)


def pointers(folder):
    """What is resumed from, by what last_checkpoint names."""
    run, out = folder / 'run', folder / 'out/run'
    for path in (run / 'epoch_1.pth', out / 'epoch_1.pth', out / 'epoch_2.pth'):  # folders
        path.mkdir(parents=True)
    (run / 'epoch_9.pth').touch()
    (out / 'ep3.pt').touch()
    found = []
    for named in (run / 'epoch_1.pth', out / 'epoch_1.pth', out / 'epoch_2.pth', out / 'ep3.pt'):
        (run / 'last_checkpoint').write_text(str(named))
        latest = find_latest_checkpoint(str(run))
        found.append(str(Path(latest).relative_to(folder)))
    return {'found': found}


RUNS = {
    run.__name__: run
    for run in (best_elsewhere, two_bests_elsewhere, best_with_template, from_the_best, pointers)
}


if __name__ == '__main__':
    os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'  # MMEngine alone cannot resume otherwise
    results = run_all(Path(sys.argv[1]))
    assert 'mmpretrain_mlml' not in sys.modules
    print('results', json.dumps(results))
