"""tools/predict.py on digits in files."""

import cv2
import pytest
import torch
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
    assert 'got the ending' in predict(images, '--out', tmp_path / 'tags.xls', expect=2)
    assert not out.exists()
    out.write_text('mine')
    assert f'error: {out} exists' in predict(images, '--out', out, expect=1)
    assert out.read_text() == 'mine'
