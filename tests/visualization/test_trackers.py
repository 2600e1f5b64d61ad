"""Scores, recovery curves, pictures and tables arrive in the trackers that MMEngine knows."""

import csv
import json
import re
import struct

import pytest
from helpers.runners import VALIDATION, make_runner
from PIL import Image

pytestmark = pytest.mark.slow
CLASSES = [str(digit) for digit in range(10)]
BLOCK, WHOLE, LAST = 32768, 1, 4  # of W&B's file


def train(folder, backend):
    """Train three epochs with a backend, and return what the work directory says of them."""
    runner = make_runner(
        folder,
        log_level='INFO',
        model={'head': {'loss': {'type': 'mmpretrain_mlml.SPLC', '_delete_': True}}},
        visualizer={'vis_backends': [{'type': 'LocalVisBackend'}, backend]},
        default_hooks={'visualization': {'enable': True, 'interval': 20}},
        custom_hooks=[
            {'type': 'mmpretrain_mlml.LabelRecoveryHook', 'full_labels': {'protocol': 'full'}},
            {'type': 'mmpretrain_mlml.ClassTableHook'},
        ],
        **{
            **VALIDATION,
            'val_dataloader.dataset.size': 40,
            'val_evaluator': {'type': 'mmpretrain_mlml.MultiLabelScores', 'classwise': True},
        },
    )
    runner.train()
    (data,) = folder.glob('*/vis_data')
    rows = [json.loads(line) for line in (data / 'scalars.json').read_text().splitlines()]
    scores = [(row['step'], row['multi-label/mAP']) for row in rows if 'multi-label/mAP' in row]
    epochs = json.loads((folder / 'recovery.json').read_text())['epochs']
    shares = [(row['epoch'], row['share']) for row in epochs]
    with (data / 'val_classes_3.csv').open(newline='') as file:
        table = list(csv.reader(file))
    assert [step for step, _ in scores] == [step for step, _ in shares] == [1, 2, 3]
    assert [row[0] for row in table] == ['class', *CLASSES]
    return data, scores, shares, table


def test_tensorboard_gets_all(tmp_path):
    pytest.importorskip('tensorboard', reason="needs tensorboard, of the extra 'trackers'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    data, scores, shares, table = train(tmp_path, {'type': 'TensorboardVisBackend'})
    found = EventAccumulator(str(data), {'images': 0, 'tensors': 0, 'scalars': 0})
    found.Reload()
    for key, expected in (('multi-label/mAP', scores), ('recovery/share', shares)):
        assert [(one.step, one.value) for one in found.Scalars(key)] == [
            (step, pytest.approx(value)) for step, value in expected
        ]
    assert [one.step for one in found.Images('20')] == [1, 2, 3]
    assert found.Images('20')[0].width > 300
    text = found.Tensors('val_classes/text_summary')[-1]
    assert text.step == 3
    lines = text.tensor_proto.string_val[0].decode().splitlines()
    assert [re.split(r' ?\| ?', line)[1] for line in lines[2:]] == CLASSES
    assert lines[3] == '| ' + ' | '.join(table[2]) + ' |'


def test_mlflow_gets_all(tmp_path, monkeypatch):
    pytest.importorskip('mlflow', reason="needs mlflow, of the extra 'trackers'")
    monkeypatch.setenv('MLFLOW_ALLOW_FILE_STORE', 'true')
    from mlflow import MlflowClient

    data, scores, shares, table = train(tmp_path, {'type': 'MLflowVisBackend'})
    client = MlflowClient(f'file://{data}')
    (run,) = client.search_runs([client.get_experiment_by_name('Default').experiment_id])
    for key, expected in (('multi-label/mAP', scores), ('recovery/share', shares)):
        history = client.get_metric_history(run.info.run_id, key)
        assert [(one.step, one.value) for one in history] == [
            (step, pytest.approx(value)) for step, value in expected
        ]
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {f'{image}_{step}.png' for image in (0, 20) for step in (1, 2, 3)} <= names
    folder = tmp_path / 'artifacts'
    folder.mkdir()
    file = client.download_artifacts(run.info.run_id, '20_3.png', str(folder))
    with Image.open(file) as picture:
        assert picture.size[0] > 300
    file = client.download_artifacts(run.info.run_id, 'val_classes_3.csv', str(folder))
    with open(file, newline='') as opened:  # noqa: PTH123  a path as a text
        assert list(csv.reader(opened)) == table


def test_weights_and_biases_gets_all_offline(tmp_path, monkeypatch):
    pytest.importorskip('wandb', reason="needs wandb, of the extra 'trackers'")
    monkeypatch.setenv('WANDB_SILENT', 'true')
    offline = {'mode': 'offline', 'project': 'tags'}
    data, scores, shares, table = train(
        tmp_path, {'type': 'WandbVisBackend', 'init_kwargs': offline}
    )
    (run,) = data.glob('wandb/offline-run-*')
    history = read_history(next(run.glob('run-*.wandb')))
    for key, expected in (('multi-label/mAP', scores), ('recovery/share', shares)):
        assert [row[key] for row in history if key in row] == [
            pytest.approx(value) for _, value in expected
        ]
    for key, kind in (('20', 'image-file'), ('val_classes', 'table-file')):
        media = [row[key] for row in history if key in row]
        assert [one['_type'] for one in media] == [kind] * 3
        assert all((run / 'files' / one['path']).is_file() for one in media)
    content = json.loads((run / 'files' / media[-1]['path']).read_text())
    assert content['columns'] == table[0]
    assert [row[0] for row in content['data']] == CLASSES
    assert content['data'][1][-1] == pytest.approx(float(table[2][-1]))


def read_history(path):
    """Return what was logged to an offline run, from the file that would be sent."""
    from wandb.proto.wandb_internal_pb2 import Record

    rows = []
    for data in read_records(path.read_bytes()):
        record = Record()
        record.ParseFromString(data)
        if record.WhichOneof('record_type') == 'history':
            row = {}
            for item in record.history.item:
                *outer, key = item.nested_key or [item.key]
                place = row.setdefault(outer[0], {}) if outer else row
                place[key] = json.loads(item.value_json)
            rows.append(row)
    return rows


def read_records(content):
    """Yield the records of a log in the format of LevelDB, after a header of 7 bytes."""
    at, parts = 7, []
    while at < len(content):
        if BLOCK - at % BLOCK < 7:  # no room for another record in this block
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack('<IHB', content[at : at + 7])
        parts.append(content[at + 7 : at + 7 + length])
        at += 7 + length
        if kind in (WHOLE, LAST):
            yield b''.join(parts)
            parts = []
