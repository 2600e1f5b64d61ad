"""The hook under real runners, against counts made by hand from what the loss was called with."""

import json
import os
import signal
import sys
from itertools import chain

import numpy as np
import pytest
import torch
from helpers import ROOT
from helpers.launched import Launched
from helpers.mmpretrain_tools import run_mmpretrain_tool
from helpers.runners import VALIDATION, make_runner
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmpretrain.registry import MODELS
from PIL import Image

from mmpretrain_mlml import SPLC
from mmpretrain_mlml.losses.base import MultiLabelLoss
from mmpretrain_mlml.repairs.loading import load_from_local

FULL = {'protocol': 'full'}


@MODELS.register_module()
class RecordingSPLC(SPLC):
    """Records its logits and targets."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = []

    def forward(self, pred, target, *args, **kwargs):
        self.calls.append((pred.detach().clone(), target.clone()))
        return super().forward(pred, target, *args, **kwargs)


@HOOKS.register_module()
class SampleRecorder(Hook):
    """Records the samples of each batch, and sends its process a SIGTERM in one iteration."""

    def __init__(self, stop_at=None):
        self.samples, self.stop_at = [], stop_at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.samples.append([sample.sample_idx for sample in data_batch['data_samples']])
        if runner.iter == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)


def monitored(work_dir, loss=None, full=FULL, stop_at=None, **changes):
    loss = loss or {'type': 'RecordingSPLC', 'tau': 0.48, 'change_epoch': 1}
    hooks = [{'type': 'mmpretrain_mlml.LabelRecoveryHook', 'full_labels': full},
             {'type': 'SampleRecorder', 'stop_at': stop_at}]  # fmt: skip
    changes.setdefault('model', {'head': {'loss': {**loss, '_delete_': True}}})
    return make_runner(work_dir, custom_hooks=hooks, **changes)


def record(work_dir):
    return json.loads((work_dir / 'recovery.json').read_text())


def truth(runner, samples):
    labels = runner.train_dataloader.dataset.complete_labels().labels
    return torch.tensor([[k in labels[i] for k in range(10)] for i in samples])


def test_counts_follow_from_the_calls_of_the_loss(tmp_path):
    runner = monitored(tmp_path)
    runner.train()
    loss = runner.model.head.loss_module
    (recorder,) = (hook for hook in runner.hooks if isinstance(hook, SampleRecorder))
    content = record(tmp_path)
    assert content['classes'] == list('0123456789')
    assert [row['epoch'] for row in content['epochs']] == [1, 2, 3]
    for epoch, row in enumerate(content['epochs']):
        pred, target = (torch.cat(part[3 * epoch : 3 * epoch + 3]) for part in zip(*loss.calls))
        shown = truth(runner, chain(*recorder.samples[3 * epoch : 3 * epoch + 3]))
        assert shown[target == 1].all()  # images and labels belong together
        unobserved = target == 0
        recovered = unobserved & (pred.sigmoid() > 0.48) & (epoch >= 1)
        expected = {'unmarked': unobserved, 'recovered': recovered, 'right': recovered & shown,
                    'missing': unobserved & shown}  # fmt: skip
        for name, entries in expected.items():
            assert row[name] == entries.sum(0).tolist(), name
        assert row['images'] == 48
        entries, right = int(recovered.sum()), int((recovered & shown).sum())
        assert row['entries'] == entries
        assert row['share'] == pytest.approx(100 * entries / int(unobserved.sum()))
        assert row['recall'] == pytest.approx(100 * right / int((unobserved & shown).sum()))
        if epoch:
            assert 0 < right < entries
            assert row['precision'] == pytest.approx(100 * right / entries)
        else:
            assert (entries, 'precision' in row) == (0, False)
    target = torch.cat([target for _, target in loss.calls[:3]])
    assert content['labels'] == {
        'present': (target == 1).sum(0).tolist(),
        'absent': [0] * 10,
        'unobserved': (target == 0).sum(0).tolist(),
        'ignored': [0] * 10,
    }
    picture = np.asarray(Image.open(tmp_path / 'recovery.png').convert('RGB'))
    assert picture.std() > 10


@pytest.mark.parametrize('loss', [
    {'type': 'Hill'}, {'type': 'RLC'}, {'type': 'LLR', 'delta': 5.0}, {'type': 'LLCt', 'delta': 5.0},
    {'type': 'LLCp', 'delta': 5.0}, {'type': 'SPLC', 'base': {'type': 'mmpretrain_mlml.Hill'}},
])  # fmt: skip
def test_counting_does_not_change_the_training(loss, tmp_path):
    runner = monitored(tmp_path / 'with', loss, full=None)
    runner.train()
    rows = record(tmp_path / 'with')['epochs']
    assert [sorted(row) for row in rows] == 3 * [
        ['entries', 'epoch', 'images', 'recovered', 'share', 'unmarked']
    ]
    if loss['type'].startswith('LL'):
        assert rows[0]['entries'] == 0 < rows[2]['entries']
    plain = make_runner(tmp_path / 'plain', model={'head': {'loss': {**loss, '_delete_': True}}})
    plain.train()
    for a, b in zip(plain.model.parameters(), runner.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_loss_that_recovers_nothing_is_named_once(tmp_path, capfd):
    runner = monitored(tmp_path, {'type': 'BCE'})
    runner.train()
    assert capfd.readouterr().out.count('BCE never treats an unobserved entry') == 1
    assert not (tmp_path / 'recovery.json').exists()
    assert not (tmp_path / 'recovery.png').exists()
    assert not [key for key in runner.message_hub.log_scalars if 'recovery' in key]


def test_scalars_reach_log_hub_and_visualiser_backends(tmp_path):
    pytest.importorskip('tensorboard', reason="needs tensorboard, of the extra 'dev'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    backends = [{'type': 'LocalVisBackend'}, {'type': 'TensorboardVisBackend'}]
    runner = monitored(tmp_path, visualizer={'vis_backends': backends}, log_level='INFO')
    runner.train()
    rows = record(tmp_path)['epochs']
    accumulated = EventAccumulator(str(next(tmp_path.glob('*/vis_data'))))
    accumulated.Reload()
    (local,) = tmp_path.glob('*/vis_data/recovery.json')
    lines = [json.loads(line) for line in local.read_text().splitlines()]
    (log,) = tmp_path.glob('*/*.log')
    for name in ('entries', 'share', 'precision', 'recall'):
        expected = [(row['epoch'], pytest.approx(row[name])) for row in rows if name in row]
        key = f'recovery/{name}'
        assert [(e.step, e.value) for e in accumulated.Scalars(key)] == expected
        assert [(line['step'], line[key]) for line in lines if key in line] == expected
        assert runner.message_hub.get_scalar(key).current() == expected[-1][1]
        assert log.read_text().count(f'{key}: ') == len(expected)


def test_mmpretrain_can_analyse_the_log(tmp_path):
    changes = {'log_level': 'INFO', 'default_hooks': {'logger': {'interval': 1}},
               'val_dataloader.dataset.size': 40}  # fmt: skip
    monitored(tmp_path, **VALIDATION, **changes).train()
    for log in tmp_path.glob('*/vis_data/[0-9s]*.json'):  # scalars.json, and one named by the time
        for key in ('multi-label/mAP', 'loss'):
            out = tmp_path / f'{log.stem}.png'
            run_mmpretrain_tool(
                'analysis_tools/analyze_logs.py', 'plot_curve', log, '--keys', key, '--out', out
            )
            assert out.stat().st_size > 1000
            out.unlink()
    (own,) = tmp_path.glob('*/vis_data/recovery.json')
    run_mmpretrain_tool('analysis_tools/analyze_logs.py', 'plot_curve', own, '--keys',
                        'recovery/share', '--out', out)  # fmt: skip
    assert out.exists()


@pytest.mark.parametrize('accumulating', [1, 2])
def test_interrupted_run_ends_with_the_same_record(accumulating, tmp_path):
    changes = {
        'optim_wrapper': {'accumulative_counts': accumulating},
        'train_dataloader': {'dataset': {'size': 64}},
    }
    monitored(tmp_path / 'straight', **changes).train()
    with pytest.raises(SystemExit):
        monitored(tmp_path / 'run', stop_at=5, **changes).train()
    assert (tmp_path / 'run/interrupted.pth').exists()
    first = record(tmp_path / 'run')['epochs']
    assert len(first) == 1
    monitored(tmp_path / 'run', resume=True, **changes).train()
    assert record(tmp_path / 'run') == record(tmp_path / 'straight')
    # resumed from an earlier checkpoint, the later epochs are counted again
    earlier = {'resume': True, 'load_from': str(tmp_path / 'run/epoch_1.pth')}
    monitored(tmp_path / 'run', train_cfg={'max_epochs': 2}, **earlier, **changes).train()
    assert record(tmp_path / 'run')['epochs'] == record(tmp_path / 'straight')['epochs'][:2]
    # not resumed, it starts a new file
    monitored(tmp_path / 'run', train_cfg={'max_epochs': 1}, **changes).train()
    assert record(tmp_path / 'run')['epochs'] == first


def test_finished_run_keeps_record_and_curve_when_resumed(tmp_path):
    monitored(tmp_path).train()
    files = [tmp_path / 'recovery.json', tmp_path / 'recovery.png']
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    monitored(tmp_path, resume=True).train()
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_iteration_loop_counts_passes_and_resumes_inside_one(tmp_path, monkeypatch):
    monkeypatch.setattr('mmengine.runner.loops.time.sleep', lambda seconds: None)

    def by_iter(max_iters, **more):
        return {
            'train_cfg': {'_delete_': True, 'by_epoch': False, 'max_iters': max_iters},
            'train_dataloader': {'sampler': {'type': 'InfiniteSampler', 'shuffle': False}},
            'param_scheduler': None,
            'optim_wrapper': {'optimizer': {'lr': 0.0}},
            'default_hooks': {'checkpoint': {'by_epoch': False, 'interval': 4}},
            **more,
        }

    monitored(tmp_path, **by_iter(8)).train()
    rows = record(tmp_path)['epochs']
    assert [row['images'] for row in rows] == [48, 48, 32]
    assert [row['entries'] > 0 for row in rows] == [False, True, True]
    resumed = {'resume': True, 'load_from': str(tmp_path / 'iter_4.pth')}
    monitored(tmp_path, **by_iter(12, **resumed)).train()
    rows = record(tmp_path)['epochs']
    assert [(row['epoch'], row['images']) for row in rows] == [(1, 48), (2, 48), (3, 48), (4, 48)]


def test_loss_of_switch_recipe_hook_is_observed(tmp_path):
    first = {'type': 'RecordingSPLC', 'tau': 0.5, 'change_epoch': 0}
    switch = {'type': 'mmpretrain.SwitchRecipeHook',
              'schedule': [{'action_epoch': 2, 'loss': {**first, 'tau': 0.0}}]}  # fmt: skip
    runner = monitored(tmp_path, first)
    runner.register_hook(HOOKS.build(switch))
    runner.train()
    shares = [row['share'] for row in record(tmp_path)['epochs']]
    assert shares[0] < 100
    assert shares[1:] == [100, 100]


def test_mixed_images_are_refused_with_full_labels_and_counted_without(tmp_path):
    head = {'loss': {'type': 'RecordingSPLC', 'tau': 0.5, 'change_epoch': 0, '_delete_': True}}
    mixing = {'batch_augments': {'augments': [{'type': 'Mixup', 'alpha': 0.8}], 'probs': [1.0]}}
    model = {'head': head, 'data_preprocessor': mixing}
    with pytest.raises(ValueError, match='MixUp'):
        monitored(tmp_path, model=model).train()
    runner = monitored(tmp_path, model=model, full=None)
    runner.train()
    pred, target = (torch.cat(part[:3]) for part in zip(*runner.model.head.loss_module.calls))
    assert ((target > 0) & (target < 1)).any()
    row = record(tmp_path)['epochs'][0]
    assert row['unmarked'] == (target == 0).sum(0).tolist()
    assert row['recovered'] == ((target == 0) & (pred > 0)).sum(0).tolist()


def test_record_that_does_not_fit_is_refused(tmp_path):
    monitored(tmp_path, train_cfg={'max_epochs': 1}).train()
    content = record(tmp_path)
    path = tmp_path / 'recovery.json'
    path.write_text(json.dumps({**content, 'classes': ['a', 'b']}))
    with pytest.raises(ValueError, match='is of 2 classes'):
        monitored(tmp_path, resume=True).train()
    path.write_text('{"classes": [')
    with pytest.raises(ValueError, match='no record of recovered labels'):
        monitored(tmp_path, resume=True).train()


# dynamo itself looks at .grad of the logits
@pytest.mark.filterwarnings('ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning')
def test_compiled_head_has_no_graph_break_and_equal_counts(tmp_path):
    rows = []
    for name in ('plain', 'compiled'):
        runner = monitored(tmp_path / name, {'type': 'SPLC', 'tau': 0.5})
        loss = runner.model.head.loss_module
        if name == 'compiled':
            compiled = torch.compile(loss.__call__, backend='eager', fullgraph=True)
            runner.model.head._get_loss = lambda score, samples, call=compiled: {
                'loss': call(score, torch.stack([
                    torch.zeros(10).index_fill_(0, s.gt_label, 1.0) for s in samples
                ]), avg_factor=len(score))
            }  # fmt: skip
        runner.train()
        rows.append([(row['recovered'], row['right']) for row in record(tmp_path / name)['epochs']])
    assert rows[0] == rows[1]
    assert sum(rows[0][1][0]) > 0


def test_loss_from_outside_the_package_needs_the_method_only(tmp_path):
    runner = monitored(tmp_path, {'type': 'RecoversAll'}, full=None)
    runner.train()
    assert [row['share'] for row in record(tmp_path)['epochs']] == [100, 100, 100]


@MODELS.register_module()
class RecoversAll(MultiLabelLoss):
    def elementwise(self, pred, target):
        return pred.float().square()

    def recovered(self, pred, target, **context):
        return self.unobserved(target)


CONFIG = f"""
_base_ = [
    '{ROOT}/configs/_base_/runtime.py', '{ROOT}/configs/_base_/models/digits_net.py',
    '{ROOT}/configs/_base_/recipes/paper.py', '{ROOT}/configs/_base_/labels/digits_0.4left.py',
]
model = dict(
    backbone=dict(stem_channels=4, base_channels=4, norm_cfg=dict(type='GN', num_groups=2)),
    head=dict(in_channels=32, loss=dict(
        type='mmpretrain_mlml.SPLC', reduction='sum', tau=0.4, change_epoch=0)),
)
train_dataloader = dict(dataset=dict(size=300), sampler=dict(round_up=False))
val_dataloader = dict(dataset=dict(size=20))
train_cfg = dict(max_epochs=3)
default_hooks = dict(recovery=dict(
    type='mmpretrain_mlml.LabelRecoveryHook', full_labels=dict(protocol='full')))
"""


@pytest.mark.dist
@pytest.mark.slow
def test_two_interrupted_processes_count_what_one_counts(tmp_path, free_port):
    (tmp_path / 'config.py').write_text(CONFIG)
    one = Launched(tmp_path / 'config.py', tmp_path / 'one')
    assert one.wait() == 0
    two = {'processes': 2, 'PYTHON': sys.executable}
    run = Launched(tmp_path / 'config.py', tmp_path / 'two', **two, PORT=free_port())
    run.wait_for(tmp_path / 'two/epoch_1.pth')
    run.process.send_signal(signal.SIGTERM)
    assert run.wait() != 0
    states = load_from_local(tmp_path / 'two/interrupted.pth')['processes']
    first, second = (state['hooks']['LabelRecoveryHook']['counts'] for state in states)
    assert first.any()
    assert second.any()
    assert not torch.equal(first, second)
    options = {**two, 'PORT': free_port()}
    assert Launched(tmp_path / 'config.py', tmp_path / 'two', '--resume', **options).wait() == 0
    expected, counted = record(tmp_path / 'one'), record(tmp_path / 'two')
    assert sum(expected['epochs'][-1]['recovered']) > 0
    assert counted == expected
