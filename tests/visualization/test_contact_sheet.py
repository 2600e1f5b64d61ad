"""The contact sheet shows kept and dropped labels in their colours."""

import pytest

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.visualization import contact_sheet
from mmpretrain_mlml.visualization.contact_sheet import DROPPED, KEPT


def test_kept_and_dropped_labels_are_shown():
    pipeline = [{'type': 'mmpretrain_mlml.RelativeCutout'}, {'type': 'PackInputs'}]
    dataset = DigitScenes(
        split='train', size=40, protocol='single', pipeline=pipeline, indices=[30, 7, 5]
    )
    complete = DigitScenes(split='train', size=40, protocol='full', indices=[30, 7, 5])
    figure = contact_sheet(dataset, [0, 2], bgr=False)
    tags = [(tag.get_text(), tag.get_color()) for axes in figure.axes for tag in axes.texts]
    kept = [text for text, colour in tags if colour == KEPT]
    assert kept == [str(dataset.get_data_info(i)['gt_label'][0]) for i in (0, 2)]
    truth = [complete.get_data_info(i)['gt_label'] for i in (0, 2)]
    assert sorted(text for text, _ in tags) == sorted(
        str(label) for labels in truth for label in labels
    )
    assert any(colour == DROPPED for _, colour in tags)
    with pytest.raises(IndexError, match='no sample 3 in a data set of 3'):
        contact_sheet(dataset, [3], bgr=False)
