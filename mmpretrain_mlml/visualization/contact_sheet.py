"""A contact sheet of training samples."""

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
    """Draw samples as training gets them: augmented images with their kept and dropped labels.

    Args:
        dataset: Training set.
        indices: Positions of the samples to draw.
        bgr: Whether the pipeline returns BGR images, as MMCV loads them, instead of RGB.
        columns: Number of images in a row.

    Raises:
        IndexError: If a position is not in the data set.
        SampleError: If a sample cannot be loaded.
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
