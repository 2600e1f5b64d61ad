"""tools/predict.py on digits in files."""

import os
import shutil
import sys
from pathlib import Path

import cv2
import pytest
import torch
from helpers.launched import descendants, wait_until
from helpers.processes import start
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from mmpretrain_mlml import MultiLabelInferencer, config
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation import write_thresholds
from mmpretrain_mlml.labels import read_tag_table

DIGITS = [str(digit) for digit in range(10)]
CONFIG = 'digits_0.4left_splc.py'


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    """A folder with images, weights and thresholds."""
    place = tmp_path_factory.mktemp('predict')
    (place / 'images').mkdir()
    for number, image in enumerate(make_scenes('test', 5)[0]):
        cv2.imwrite(str(place / f'images/{number}.png'), image)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        state = MODELS.build(Config.fromfile(config(CONFIG)).model).state_dict()
    torch.save(state, place / 'weights.pth')
    write_thresholds(place / 'thresholds.json', DIGITS, [0.45] * 5 + [0.55] * 5)
    write_thresholds(place / 'others.json', ['ant'], [0.5])
    return place


@pytest.fixture
def predict(run_tool, place):
    def run(*arguments, **options):
        use = ('python', 'tools/predict.py', CONFIG, '--weights', place / 'weights.pth')
        return run_tool(*use, '--device', 'cpu', *arguments, **options)

    return run


@pytest.mark.parametrize('ending', ['csv', 'jsonl', 'parquet'])
def test_a_table_of_tags_is_written_that_can_be_read_as_labels(predict, place, tmp_path, ending):
    out = tmp_path / f'tags.{ending}'
    images = place / 'images'
    thresholds = place / 'thresholds.json'
    said = predict(images, '--out', out, '--thresholds', thresholds, '--relative-to', images)
    assert 'tags of 5 images' in said
    table = read_tag_table(out, DIGITS)
    assert list(table.names) == [f'{number}.png' for number in range(5)]
    tagger = MultiLabelInferencer(
        config(CONFIG), place / 'weights.pth', thresholds, 'cpu', show_progress=False
    )
    for row, one in enumerate(tagger(images)):
        assert {DIGITS[index] for index in table.positives(row)} == set(one.tags)


def test_a_broken_image_is_named_and_the_rest_is_kept(predict, place, tmp_path):
    empty, out = tmp_path / 'empty.jpg', tmp_path / 'tags.csv'
    empty.touch()
    images = (empty, place / 'images', '--relative-to', place.parent)
    said = predict(*images, '--out', out, expect=1)
    assert 'empty.jpg' in said
    assert '1 images could not be read' in said
    assert len(read_tag_table(out, DIGITS)) == 5
    said = predict(*images, '--out', tmp_path / 'b.csv', '--on-error', 'stop', expect=1)
    assert 'error: ' in said
    assert not (tmp_path / 'b.csv').exists()


def test_a_run_that_stopped_at_a_broken_image_resumes(predict, place, tmp_path):
    images, out, record = tmp_path / 'images', tmp_path / 'tags.csv', tmp_path / 'tags.csv.progress'
    shutil.copytree(place / 'images', images)
    content = (images / '3.png').read_bytes()
    (images / '3.png').write_bytes(b'')
    arguments = (images, '--relative-to', images, '--batch-size', 2, '--out', out)
    said = predict(*arguments, '--on-error', 'stop', expect=1)
    assert '3.png cannot be read: got an empty file' in said
    assert f'what was done is kept in {record}: repeat the command to resume' in said
    assert not out.exists()
    said = predict(*arguments, '--topk', 2, expect=1)
    assert f'{record} holds the predictions of a run with other topk: repeat its command' in said
    (images / '3.png').write_bytes(content)
    predict(*arguments)
    assert not record.exists()
    predict(*arguments[:-1], tmp_path / 'at_once.csv')
    assert out.read_bytes() == (tmp_path / 'at_once.csv').read_bytes()


def test_the_most_probable_tags(predict, place, tmp_path):
    out = tmp_path / 'tags.csv'
    arguments = (place / 'images', '--relative-to', place, '--out', out, '--topk', 2)
    assert '10 tags of 5 images' in predict(*arguments)
    said = predict(*arguments[:-3], tmp_path / 'a.csv', '--topk', 11, expect=1)
    assert 'expected topk from 1 to 10, got 11' in said


def test_mistakes_end_in_one_line(predict, place, tmp_path):
    images, out = place / 'images', tmp_path / 'tags.csv'
    (tmp_path / 'none').mkdir()
    assert 'give --relative-to' in predict(images, '--out', out, expect=1)
    inside = ('--relative-to', place.parent)
    said = predict(tmp_path / 'none', *inside, '--out', out, expect=1)
    assert 'no image in this folder' in said
    others = ('--thresholds', place / 'others.json')
    said = predict(images, *inside, '--out', out, *others, expect=1)
    assert 'thresholds for 1 classes' in said
    other = tmp_path / 'other.pth'
    state = torch.load(place / 'weights.pth', weights_only=True)
    torch.save({**state, 'head.fc.bias': torch.zeros(3)}, other)
    said = predict(images, *inside, '--out', out, '--weights', other, expect=1)
    (line,) = [line for line in said.splitlines() if line.startswith('error')]
    assert 'head.fc.bias: (3,) in the file, (10,) in the model' in line
    assert 'got the ending' in predict(images, '--out', tmp_path / 'tags.xls', expect=2)
    assert not out.exists()
    out.write_text('mine')
    assert f'error: {out} exists' in predict(images, '--out', out, expect=1)
    assert out.read_text() == 'mine'


@pytest.mark.slow
@pytest.mark.dist
def test_processes_that_are_killed_resume_as_a_single_one(predict, place, tmp_path):
    images = tmp_path / 'images'
    images.mkdir()
    for number in range(600):
        os.link(place / f'images/{number % 5}.png', images / f'{number:03}.png')
    arguments = [CONFIG, images, '--weights', place / 'weights.pth', '--device', 'cpu']
    arguments += ['--relative-to', images, '--batch-size', 4, '--topk', 2]
    out, record = tmp_path / 'killed.csv', tmp_path / 'killed.csv.progress'
    launch = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2']
    command = [*launch, 'tools/predict.py', *arguments, '--out', out]

    def lines():
        return [len(part.read_bytes().splitlines()) for part in record.glob('*.jsonl')]

    with (tmp_path / 'log').open('w') as log:
        process = start(command, log)
        wait_until(lambda: len(lines()) == 2 and min(lines()) >= 3)
        workers = descendants(process.pid)
        process.kill()
        process.wait()
        wait_until(lambda: not any(Path(f'/proc/{pid}').exists() for pid in workers))
        left = sum(lines())
        assert left < 150
        assert not out.exists()
        assert start(command, log).wait(300) == 0
    predict(*arguments[1:2], *arguments[6:], '--out', tmp_path / 'single.csv')
    assert out.read_bytes() == (tmp_path / 'single.csv').read_bytes()
    assert not record.exists()


def test_pictures_are_drawn(predict, place, tmp_path):
    arguments = (place / 'images', '--relative-to', place, '--topk', 2)
    out = ('--out', tmp_path / 'a.csv', '--show-dir', tmp_path / 'plain')
    predict(*arguments, *out)
    out = ('--out', tmp_path / 'b.csv', '--show-dir', tmp_path / 'explained', '--explain')
    predict(*arguments, *out)
    for folder in ('plain', 'explained'):
        pictures = sorted((tmp_path / folder / 'images').iterdir())
        assert [path.name for path in pictures] == [f'{number}.png.png' for number in range(5)]
        assert min(cv2.imread(str(path)).std() for path in pictures) > 10
    said = predict(*arguments, '--out', tmp_path / 'c.csv', '--explain', expect=2)
    assert '--explain needs --show-dir' in said
