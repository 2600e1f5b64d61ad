"""Drawing pictures with a list of tags beside each, with Matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

CELL = (3.4, 1.9)  # inches of a picture with its tags
LINES = 12  # tags that fit beside a picture


class Tag(NamedTuple):
    """A line beside a picture."""

    text: str
    colour: str


def to_rgb(image: torch.Tensor | np.ndarray, bgr: bool) -> np.ndarray:
    """An image as the pipeline packs it, (channels, H, W), as Matplotlib draws it, (H, W, 3) uint8.

    Raises:
        ValueError: The image has neither one nor three channels.
    """
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f'expected an image of shape (1 or 3, H, W), got {image.shape}')
    image = np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0)
    if bgr:
        image = image[..., ::-1]
    return image.clip(0, 255).astype(np.uint8)


def draw_pictures(
    pictures: Sequence[tuple[np.ndarray, str, Sequence[Tag]]],
    columns: int,
    legend: Mapping[str, str],
) -> Figure:
    """A grid of pictures, each with its name above and its tags to the right.

    Args:
        pictures: Image (H, W, 3) uint8 RGB, name and tags of each; tags that do not fit are counted.
        columns: Pictures in a row.
        legend: Meaning by colour.

    Raises:
        ValueError: There is no picture.
    """
    if not pictures:
        raise ValueError('no picture to draw')
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(CELL[0] * columns, CELL[1] * rows + 0.4), layout='constrained')
    widths = {'width_ratios': [1.8, 1.2] * columns}
    cells = figure.subplots(rows, 2 * columns, squeeze=False, gridspec_kw=widths).reshape(-1, 2)
    for picture_axes, tag_axes in cells:
        picture_axes.axis('off')
        tag_axes.axis('off')
    for (picture_axes, tag_axes), (image, name, tags) in zip(cells, pictures):
        picture_axes.imshow(image, interpolation='nearest')
        picture_axes.set_title(name, fontsize=5, loc='left', pad=2)
        shown = list(tags)
        if len(shown) > LINES:
            shown = [*shown[: LINES - 1], Tag(f'and {len(shown) - LINES + 1} more', '0.4')]
        for line, tag in enumerate(shown):
            height = 1 - (line + 0.5) / LINES
            tag_axes.text(0, height, tag.text, color=tag.colour, fontsize=7, va='center')
    handles = [
        Line2D([], [], color=c, marker='s', linestyle='', label=m) for c, m in legend.items()
    ]
    figure.legend(
        handles=handles, loc='outside upper left', ncols=len(handles), fontsize=6, columnspacing=1
    )
    return figure
