from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ..datasets import MissingLabelDataset
from .pictures import Tag, draw_pictures, to_rgb

KEPT, DROPPED = 'tab:green', 'tab:red'


def contact_sheet(
    dataset: MissingLabelDataset, indices: Sequence[int], bgr: bool, columns: int = 4
) -> Figure:
    """What training sees, and what it is told: augmented images with their kept and dropped labels.

    Args:
        dataset: A training set.
        indices: Samples to show.
        bgr: Whether the pipeline gives blue first, as MMCV loads images; false where it gives RGB.
        columns: Pictures in a row.

    Raises:
        IndexError: A sample is not in the data set.
        SampleError: A sample could not be loaded.
    """
    for index in indices:
        if not 0 <= index < len(dataset):
            raise IndexError(f'no sample {index} in a data set of {len(dataset)}')
    _, complete = dataset.complete_labels()
    classes = dataset.CLASSES
    pictures = []
    for index in indices:
        info = dataset.get_data_info(index)
        kept = set(info['gt_label'])
        tags = [Tag(classes[label], KEPT) for label in sorted(kept)]
        tags += [Tag(classes[label], DROPPED) for label in complete[index] if label not in kept]
        name = Path(info.get('img_path', f'sample {index}')).name
        pictures.append((to_rgb(dataset[index]['inputs'], bgr), name, tags))
    return draw_pictures(pictures, columns, {KEPT: 'label kept', DROPPED: 'label dropped'})
