"""Tables of predictions, and what a run that is stopped leaves for the next one."""

import os
import signal
import sys
from multiprocessing import get_context

import numpy as np
import pytest
from PIL import Image

from mmpretrain_mlml.apis import TaggedImage, predict_table
from mmpretrain_mlml.apis.images import each_image
from mmpretrain_mlml.apis.prediction_record import Entry, PredictionRecord
from mmpretrain_mlml.labels import read_tag_table

CLASSES = ('dark', 'light')


class Tagger:
    """Says whether a picture is light, and in which batch it was."""

    classes = CLASSES
    thresholds = np.array([0.5, 0.5])
    cfg = {'model': {}, 'test_dataloader': {}}

    def __init__(self, stop_at=None):
        self.stop_at, self.seen = stop_at, []
        self.cfg = {key: self for key in self.cfg}
        self.model = self

    def to_dict(self):
        return {}

    def state_dict(self):
        return {}

    def predict_batches(self, batches, on_error, topk, workers):
        for number, batch in enumerate(batches):
            if number == self.stop_at:
                raise ValueError('stopped')
            self.seen += [name for name, _ in batch]
            yield [self.tag(path) for _, path in batch]

    def tag(self, path):
        if path.stat().st_size == 0:
            return TaggedImage(str(path), {}, None, 'empty')
        name = CLASSES[np.asarray(Image.open(path)).max() // 128]
        return TaggedImage(str(path), {name: 1.0}, None)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / 'images'
    folder.mkdir()
    for number in range(10):
        Image.new('L', (2, 2), 25 * number).save(folder / f'{number}.png')
    (folder / '4.png').write_bytes(b'')
    return folder


def predict(folder, name, tagger=None, **options):
    out = folder.parent / name
    tagger = tagger or Tagger()
    return predict_table(tagger, [folder], out, folder, batch_size=3, **options), out.read_bytes()


def test_a_run_that_is_stopped_writes_what_an_undisturbed_run_writes(folder):
    result, expected = predict(folder, 'a.csv')
    assert (result.images, result.tags, result.broken) == (9, 9, 1)
    table = read_tag_table(folder.parent / 'a.csv', CLASSES)
    assert list(table.names) == [f'{number}.png' for number in range(10) if number != 4]
    assert table.positives(0) == [0]
    with pytest.raises(RuntimeError, match=r'stopped; what was done is kept in .*b\.csv\.progress'):
        predict(folder, 'b.csv', Tagger(stop_at=2))
    (part,) = (folder.parent / 'b.csv.progress').glob('*.jsonl')
    with part.open('a') as file:
        file.write('[2, [["6.png", [0')  # a line that was not completed
    tagger = Tagger()
    assert predict(folder, 'b.csv', tagger) == (result, expected)
    assert [name[-5:] for name in tagger.seen] == ['6.png', '7.png', '8.png', '9.png']
    assert not (folder.parent / 'b.csv.progress').exists()


def test_a_process_that_is_killed_keeps_what_it_has_done(folder):
    def kill(batch):
        if '6.png' in batch[0].name:
            os.kill(os.getpid(), signal.SIGKILL)

    process = get_context('fork').Process(
        target=predict, args=(folder, 'b.csv'), kwargs={'each': kill}
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    tagger = Tagger()
    assert predict(folder, 'b.csv', tagger) == predict(folder, 'a.csv')
    assert len(tagger.seen) == 4


def test_another_run_does_not_continue_the_first(folder):
    with pytest.raises(RuntimeError):
        predict(folder, 'a.csv', Tagger(stop_at=1))
    with pytest.raises(ValueError, match='with other topk: repeat its command'):
        predict(folder, 'a.csv', topk=1)
    other = Tagger()
    other.thresholds = np.array([0.5, 0.6])
    with pytest.raises(ValueError, match='with other thresholds'):
        predict(folder, 'a.csv', other)
    (folder / '9.png').unlink()
    with pytest.raises(ValueError, match='with other images'):
        predict(folder, 'a.csv')
    assert not (folder.parent / 'a.csv').exists()


def test_a_second_process_does_not_write_the_same_record(tmp_path):
    first, second = PredictionRecord(tmp_path / 'a'), PredictionRecord(tmp_path / 'a')
    first.open({})
    with pytest.raises(ValueError, match='another process writes'):
        second.open({})
    first.close()
    second.open({})


def test_parts_of_several_processes_are_joined_in_order(tmp_path):
    entries = [Entry(f'{number}.jpg', [number], None) for number in range(5)]
    for batches in ((0, 3), (1, 2, 3), (4,)):  # the fourth twice
        record = PredictionRecord(tmp_path)
        for batch in batches:
            record.add(batch, [entries[batch]])
        record.close()
    record = PredictionRecord(tmp_path)
    assert list(record.entries()) == entries
    assert record.done() == set(range(5))


def test_names_that_a_table_cannot_hold_are_refused_at_the_start(folder, tmp_path):
    tagger = Tagger()
    with pytest.raises(ValueError, match='give --relative-to'):
        predict_table(tagger, [folder], tmp_path / 'a.csv', folder / 'deeper')
    with pytest.raises(ValueError, match=r'1\.png: this image is given twice'):
        predict_table(tagger, [folder, folder / '1.png'], tmp_path / 'a.csv', folder)
    if sys.platform == 'linux':
        name = os.fsdecode(b'a\xff.png')
        (folder / name).write_bytes(b'')
        with pytest.raises(ValueError, match='the name is not UTF-8'):
            predict_table(tagger, [folder], tmp_path / 'a.csv', folder)
    assert tagger.seen == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ['images']


def test_images_that_were_all_broken_are_tried_again(folder, tmp_path):
    inputs, out = [folder / '4.png'], tmp_path / 'a.csv'
    for _ in range(2):
        with pytest.raises(ValueError, match='none of 1 images could be read'):
            predict_table(Tagger(), inputs, out, folder)
    Image.new('L', (2, 2)).save(folder / '4.png')
    assert predict_table(Tagger(), inputs, out, folder).images == 1
    with pytest.raises(FileExistsError):
        predict_table(Tagger(), inputs, out, folder)


def test_folders_are_read_in_the_order_of_their_paths(tmp_path):
    for name in ('b/2.jpg', 'b/10.jpg', 'a.jpg', 'c.PNG', 'c/x.jpg', 'notes.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for _, path in each_image(tmp_path)]
    assert found == ['a.jpg', 'b/10.jpg', 'b/2.jpg', 'c/x.jpg', 'c.PNG']
