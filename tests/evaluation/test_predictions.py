"""Files of predictions."""

import numpy as np
import pytest

from mmpretrain_mlml.evaluation import Predictions


def predictions(n=3):
    return Predictions(
        np.linspace(0, 1, 2 * n).reshape(n, 2), np.tile([1, -1], (n, 1)),
        np.array([f'{i}.jpg' for i in range(n)]), np.array(['ant', 'bee']),
    )  # fmt: skip


def test_saving_and_loading_are_inverse(tmp_path):
    path = tmp_path / 'deeper/predictions.npz'
    predictions().save(path)
    loaded = Predictions.load(path)
    assert (loaded.scores.dtype, loaded.targets.dtype) == (np.float32, np.int8)
    np.testing.assert_allclose(loaded.scores, predictions().scores, rtol=1e-6)
    assert (loaded.targets == predictions().targets).all()
    assert loaded.names.tolist() == ['0.jpg', '1.jpg', '2.jpg']
    assert loaded.classes.tolist() == ['ant', 'bee']


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'predictions.npz'
    predictions(2).save(path)

    def fail(file, **arrays):
        file.write(b'half')
        raise OSError('disk full')

    monkeypatch.setattr(np, 'savez_compressed', fail)
    with pytest.raises(OSError, match='disk full'):
        predictions(3).save(path)
    assert len(Predictions.load(path).names) == 2
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / 'other.npz', scores=np.zeros((2, 2)))
    np.savez(tmp_path / 'objects.npz', scores=np.array([{}], object))
    (tmp_path / 'broken.npz').write_bytes(b'PK\x03\x04')
    for name in ('other', 'objects', 'broken'):
        with pytest.raises(ValueError, match=rf'{name}\.npz holds no predictions'):
            Predictions.load(tmp_path / f'{name}.npz')
    (tmp_path / 'text.npz').write_text('junk')  # numpy would advise to allow pickles
    with pytest.raises(
        ValueError, match=r'no complete \.npz file; expected a file of MultiLabelSc'
    ):
        Predictions.load(tmp_path / 'text.npz')


def test_shapes_must_fit():
    with pytest.raises(ValueError, match='expected scores and targets of shape'):
        Predictions(np.zeros((2, 3)), np.zeros((2, 3)), np.array(['a']), np.array(list('abc')))
