"""Expected rates, from the share of the labels that is kept."""

import json

import numpy as np
import pytest

from mmpretrain_mlml.evaluation.expected_rates import expected_rates, read_kept


def test_observed_labels_are_divided_by_the_share_kept():
    np.testing.assert_allclose(expected_rates(np.array([0, 10, 30]), 100, 0.4), [0, 0.25, 0.75])
    assert expected_rates(np.array([90]), 100, 0.5).tolist() == [1.0]


@pytest.mark.parametrize(
    ('images', 'kept'), [(100, 0), (100, -0.1), (100, 1.1), (100, np.nan), (0, 1)]
)
def test_a_share_that_means_nothing_is_refused(images, kept):
    with pytest.raises(ValueError, match=r'share kept in \(0, 1\]'):
        expected_rates(np.array([1]), images, kept)


def test_the_share_is_a_number_or_that_of_an_audit(tmp_path):
    path = tmp_path / 'audit.json'
    path.write_text(json.dumps({'kept_share': 0.37, 'images': 3}))
    assert read_kept(path) == read_kept(str(path)) == 0.37
    assert read_kept('0.4') == 0.4
    for text in ('[]', '{}', '{"kept_share": "x"}'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r'audit\.json holds no kept_share'):
            read_kept(path)
    with pytest.raises(FileNotFoundError):
        read_kept(tmp_path / 'no.json')
