"""The recovery monitor under real runners, against counts made by hand from what the loss saw."""

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
from helpers.support import make_runner
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmpretrain.registry import MODELS
from PIL import Image

from mmpretrain_mlml import SPLC, COCOMissingLabel, DigitScenes
from mmpretrain_mlml.datasets.full_labels import FullLabels
from mmpretrain_mlml.losses.base import MultiLabelLoss

FULL = {'protocol': 'full'}


@MODELS.register_module()
class WatchedSPLC(SPLC):
    """Notes what it is called with."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = []

    def forward(self, pred, target, *args, **kwargs):
        self.seen.append((pred.detach().clone(), target.clone()))
        return super().forward(pred, target, *args, **kwargs)


@HOOKS.register_module()
class Noting(Hook):
    """Notes which samples each batch holds, and asks the process to stop after one of them."""

    def __init__(self, stop_at=None):
        self.samples, self.stop_at = [], stop_at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.samples.append([sample.sample_idx for sample in data_batch['data_samples']])
        if runner.iter == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)


def monitored(work_dir, loss=None, full=FULL, stop_at=None, **changes):
    loss = loss or {'type': 'WatchedSPLC', 'tau': 0.48, 'change_epoch': 1}
    hooks = [{'type': 'mmpretrain_mlml.LabelRecoveryHook', 'full_labels': full},
             {'type': 'Noting', 'stop_at': stop_at}]  # fmt: skip
    changes.setdefault('model', {'head': {'loss': {**loss, '_delete_': True}}})
    return make_runner(work_dir, custom_hooks=hooks, **changes)


def record(work_dir):
    return json.loads((work_dir / 'recovery.json').read_text())


def truth(runner, samples):
    labels = runner.train_dataloader.dataset.complete_labels().labels
    return torch.tensor([[k in labels[i] for k in range(10)] for i in samples])


def test_counts_by_class_are_those_of_what_the_loss_saw(tmp_path):
    runner = monitored(tmp_path)
    runner.train()
    loss = runner.model.head.loss_module
    (noted,) = (hook for hook in runner.hooks if isinstance(hook, Noting))
    found = record(tmp_path)
    assert found['classes'] == list('0123456789')
    assert [row['epoch'] for row in found['epochs']] == [1, 2, 3]
    for epoch, row in enumerate(found['epochs']):
        pred, target = (torch.cat(part[3 * epoch : 3 * epoch + 3]) for part in zip(*loss.seen))
        shown = truth(runner, chain(*noted.samples[3 * epoch : 3 * epoch + 3]))
        assert shown[target == 1].all()  # they belong to each other
        unmarked = target == 0
        recovered = unmarked & (pred.sigmoid() > 0.48) & (epoch >= 1)
        expected = {'unmarked': unmarked, 'recovered': recovered, 'right': recovered & shown,
                    'missing': unmarked & shown}  # fmt: skip
        for name, entries in expected.items():
            assert row[name] == entries.sum(0).tolist(), name
        assert row['images'] == 48
        entries, right = int(recovered.sum()), int((recovered & shown).sum())
        assert row['entries'] == entries
        assert row['share'] == pytest.approx(100 * entries / int(unmarked.sum()))
        assert row['recall'] == pytest.approx(100 * right / int((unmarked & shown).sum()))
        if epoch:
            assert 0 < right < entries
            assert row['precision'] == pytest.approx(100 * right / entries)
        else:
            assert (entries, 'precision' in row) == (0, False)
    picture = np.asarray(Image.open(tmp_path / 'recovery.png').convert('RGB'))
    assert picture.std() > 10


@pytest.mark.parametrize('loss', [
    {'type': 'Hill'}, {'type': 'RLC'}, {'type': 'LLR', 'delta': 5.0}, {'type': 'LLCt', 'delta': 5.0},
    {'type': 'LLCp', 'delta': 5.0}, {'type': 'SPLC', 'base': {'type': 'mmpretrain_mlml.Hill'}},
])  # fmt: skip
def test_every_loss_that_recovers_is_asked_without_changing_the_training(loss, tmp_path):
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


def test_a_loss_that_recovers_nothing_is_named_once_and_nothing_is_logged(tmp_path, capfd):
    runner = monitored(tmp_path, {'type': 'BCE'})
    runner.train()
    assert capfd.readouterr().out.count('BCE never takes an unmarked entry') == 1
    assert not (tmp_path / 'recovery.json').exists()
    assert not (tmp_path / 'recovery.png').exists()
    assert not [key for key in runner.message_hub.log_scalars if 'recovery' in key]


def test_scalars_reach_the_log_the_hub_and_every_visualiser_backend(tmp_path):
    pytest.importorskip('tensorboard', reason="needs tensorboard, of the extra 'dev'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    backends = [{'type': 'LocalVisBackend'}, {'type': 'TensorboardVisBackend'}]
    runner = monitored(tmp_path, visualizer={'vis_backends': backends}, log_level='INFO')
    runner.train()
    rows = record(tmp_path)['epochs']
    accumulated = EventAccumulator(str(next(tmp_path.glob('*/vis_data'))))
    accumulated.Reload()
    (local,) = tmp_path.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in local.read_text().splitlines()]
    (log,) = tmp_path.glob('*/*.log')
    for name in ('entries', 'share', 'precision', 'recall'):
        expected = [(row['epoch'], pytest.approx(row[name])) for row in rows if name in row]
        key = f'recovery/{name}'
        assert [(e.step, e.value) for e in accumulated.Scalars(key)] == expected
        assert [(line['step'], line[key]) for line in lines if key in line] == expected
        assert runner.message_hub.get_scalar(key).current() == expected[-1][1]
        assert log.read_text().count(f'{key}: ') == len(expected)


@pytest.mark.parametrize('accumulating', [1, 2])
def test_a_run_stopped_inside_an_epoch_ends_with_the_record_of_an_undisturbed_one(
    accumulating, tmp_path
):
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
    # from an epoch's checkpoint, the later epochs again
    earlier = {'resume': True, 'load_from': str(tmp_path / 'run/epoch_1.pth')}
    monitored(tmp_path / 'run', train_cfg={'max_epochs': 2}, **earlier, **changes).train()
    assert record(tmp_path / 'run')['epochs'] == record(tmp_path / 'straight')['epochs'][:2]
    # not resumed, it starts anew
    monitored(tmp_path / 'run', train_cfg={'max_epochs': 1}, **changes).train()
    assert record(tmp_path / 'run')['epochs'] == first


def test_resuming_what_is_finished_leaves_its_record_and_its_curve(tmp_path):
    monitored(tmp_path).train()
    files = [tmp_path / 'recovery.json', tmp_path / 'recovery.png']
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    monitored(tmp_path, resume=True).train()
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_an_iteration_loop_counts_passes_over_the_data_and_resumes_inside_one(
    tmp_path, monkeypatch
):
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


def test_after_switch_recipe_hook_the_new_loss_is_listened_to(tmp_path):
    first = {'type': 'WatchedSPLC', 'tau': 0.5, 'change_epoch': 0}
    switch = {'type': 'mmpretrain.SwitchRecipeHook',
              'schedule': [{'action_epoch': 2, 'loss': {**first, 'tau': 0.0}}]}  # fmt: skip
    runner = monitored(tmp_path, first)
    runner.register_hook(HOOKS.build(switch))
    runner.train()
    shares = [row['share'] for row in record(tmp_path)['epochs']]
    assert shares[0] < 100
    assert shares[1:] == [100, 100]


def test_full_labels_are_found_by_name_whatever_their_order(tmp_path):
    names = [f'{i}.jpg' for i in range(5)]
    marked, full = [[1], [2], [3], [4], [5]], [[1, 7], [2], [3, 8, 9], [4], [5, 0]]

    def write(name, labels, order):
        lines = [f'{names[i]},{" ".join(map(str, labels[i]))}' for i in order]
        (tmp_path / name).write_text('\n'.join(lines) + '\n')

    write('some.txt', marked, range(5))
    write('all.txt', full, [4, 2, 0, 1, 3])
    write('few.txt', full, [3, 1])
    config = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'ann_file': 'some.txt',
              'data_root': str(tmp_path), 'data_prefix': 'images'}  # fmt: skip
    dataset = COCOMissingLabel(**{k: v for k, v in config.items() if k != 'type'})
    wrapped = {'type': 'RepeatDataset', 'times': 2, 'dataset': config}
    labels = FullLabels(dataset, wrapped, {'ann_file': 'all.txt', 'protocol': 'full'})

    class Sample:
        def __init__(self, index):
            self.sample_idx = index

    found = labels.of([Sample(2), Sample(0), Sample(4)])
    assert [row.nonzero().flatten().tolist() for row in found] == [[3, 8, 9], [1, 7], [0, 5]]
    with pytest.raises(ValueError, match=r'few.txt.*of 3 of 5.*images/0.jpg.*images/4.jpg'):
        FullLabels(dataset, config, {'ann_file': 'few.txt'})
    with pytest.raises(ValueError, match='sample_idx'):
        labels.of([object()])


def test_full_labels_that_do_not_fit_are_refused():
    config = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 8, 'protocol': 'single'}
    dataset = DigitScenes(size=8, protocol='single')
    with pytest.raises(ValueError, match='expected the same'):
        FullLabels(dataset, config, {'metainfo': {'classes': ['a', 'b']}, 'protocol': 'full'})
    with pytest.raises(ValueError, match=r'unknown entries of train/00000\d'):
        FullLabels(dataset, config, {'protocol': 'full', 'unknown': 0.9})
    with pytest.raises(ValueError, match='no labels of 4 of 8'):
        FullLabels(dataset, config, {'size': 4})


def test_mixed_images_have_no_full_labels_and_their_soft_targets_are_no_unmarked_entries(tmp_path):
    head = {'loss': {'type': 'WatchedSPLC', 'tau': 0.5, 'change_epoch': 0, '_delete_': True}}
    mixing = {'batch_augments': {'augments': [{'type': 'Mixup', 'alpha': 0.8}], 'probs': [1.0]}}
    model = {'head': head, 'data_preprocessor': mixing}
    with pytest.raises(ValueError, match='MixUp'):
        monitored(tmp_path, model=model).train()
    runner = monitored(tmp_path, model=model, full=None)
    runner.train()
    pred, target = (torch.cat(part[:3]) for part in zip(*runner.model.head.loss_module.seen))
    assert ((target > 0) & (target < 1)).any()
    row = record(tmp_path)['epochs'][0]
    assert row['unmarked'] == (target == 0).sum(0).tolist()
    assert row['recovered'] == ((target == 0) & (pred > 0)).sum(0).tolist()


def test_a_record_of_other_classes_and_a_broken_one_are_refused(tmp_path):
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
def test_a_compiled_head_is_traced_without_a_break_and_counts_the_same(tmp_path):
    rows = []
    for name in ('plain', 'compiled'):
        runner = monitored(tmp_path / name, {'type': 'SPLC', 'tau': 0.5})
        loss = runner.model.head.loss_module
        if name == 'compiled':
            broken = torch.compile(loss.__call__, backend='eager', fullgraph=True)
            runner.model.head._get_loss = lambda score, samples, call=broken: {
                'loss': call(score, torch.stack([
                    torch.zeros(10).index_fill_(0, s.gt_label, 1.0) for s in samples
                ]), avg_factor=len(score))
            }  # fmt: skip
        runner.train()
        rows.append([(row['recovered'], row['right']) for row in record(tmp_path / name)['epochs']])
    assert rows[0] == rows[1]
    assert sum(rows[0][1][0]) > 0


def test_a_loss_of_somebody_else_needs_but_the_method(tmp_path):
    runner = monitored(tmp_path, {'type': 'LetsGoOfAll'}, full=None)
    runner.train()
    assert [row['share'] for row in record(tmp_path)['epochs']] == [100, 100, 100]


@MODELS.register_module()
class LetsGoOfAll(MultiLabelLoss):
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
def test_two_processes_stopped_inside_an_epoch_and_resumed_count_what_one_counts(
    tmp_path, free_port
):
    (tmp_path / 'config.py').write_text(CONFIG)
    one = Launched(tmp_path / 'config.py', tmp_path / 'one')
    assert one.wait() == 0
    two = {'processes': 2, 'PYTHON': sys.executable}
    run = Launched(tmp_path / 'config.py', tmp_path / 'two', **two, PORT=free_port())
    run.wait_for(tmp_path / 'two/epoch_1.pth')
    run.process.send_signal(signal.SIGTERM)
    assert run.wait(60) != 0
    states = torch.load(tmp_path / 'two/interrupted.pth', weights_only=True)['processes']
    first, second = (state['hooks']['LabelRecoveryHook']['counts'] for state in states)
    assert first.any()
    assert second.any()
    assert not torch.equal(first, second)
    options = {**two, 'PORT': free_port()}
    assert Launched(tmp_path / 'config.py', tmp_path / 'two', '--resume', **options).wait() == 0
    expected, found = record(tmp_path / 'one'), record(tmp_path / 'two')
    assert sum(expected['epochs'][-1]['recovered']) > 0
    assert found == expected
