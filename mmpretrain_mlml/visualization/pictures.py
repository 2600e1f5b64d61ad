"""Figures of images with a list of tags beside each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .texts import plain

CELL = (3.4, 1.9)  # width and height of an image with its tags, in inches
LINES = 12  # number of tags that fit beside an image
LETTERS = 28  # of a tag, that fit beside it


class Tag(NamedTuple):
    """A tag beside an image: its text and its Matplotlib colour."""

    text: str
    colour: str


def to_rgb(image: torch.Tensor | np.ndarray, bgr: bool) -> np.ndarray:
    """Return a packed image as Matplotlib draws it, (H, W, 3) uint8, RGB.

    Args:
        image: Image as ``PackInputs`` returns it, (1 or 3, H, W).
        bgr: Whether its channels are BGR.

    Raises:
        ValueError: If the image has another shape.
    """
    pixels = np.asarray(image)
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3):
        raise ValueError(f'expected an image of shape (1 or 3, H, W), got {pixels.shape}')
    pixels = np.broadcast_to(pixels, (3, *pixels.shape[1:])).transpose(1, 2, 0)
    if bgr:
        pixels = pixels[..., ::-1]
    return pixels.clip(0, 255).astype(np.uint8)


def draw_pictures(
    pictures: Sequence[tuple[np.ndarray, str, Sequence[Tag]]],
    columns: int,
    legend: Mapping[str, str],
) -> Figure:
    """Draw a grid of images, each with its name above and its tags to the right.

    Args:
        pictures: Image, (H, W, 3) uint8 RGB, name and tags of each. Tags that do not fit are counted.
        columns: Number of images in a row.
        legend: Meaning of each colour.

    Raises:
        ValueError: If there are no images.
    """
    if not pictures:
        raise ValueError('expected images to draw, got none')
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    lines = math.ceil(len(legend) / (2 * columns))  # of the legend
    figure = Figure(
        figsize=(CELL[0] * columns, CELL[1] * rows + 0.3 + 0.12 * lines), layout='constrained'
    )
    widths = {'width_ratios': [1.8, 1.2] * columns}
    cells = figure.subplots(rows, 2 * columns, squeeze=False, gridspec_kw=widths).reshape(-1, 2)
    for picture_axes, tag_axes in cells:
        picture_axes.axis('off')
        tag_axes.axis('off')
    for (picture_axes, tag_axes), (image, name, tags) in zip(cells, pictures):
        picture_axes.imshow(image, interpolation='nearest')
        picture_axes.set_title(plain(name, 60), fontsize=5, loc='left', pad=2)
        shown = list(tags)
        if len(shown) > LINES:
            shown = [*shown[: LINES - 1], Tag(f'and {len(shown) - LINES + 1} more', '0.4')]
        for line, tag in enumerate(shown):
            height = 1 - (line + 0.5) / LINES
            tag_axes.text(
                0, height, plain(tag.text, LETTERS), color=tag.colour, fontsize=7, va='center'
            )
    handles = [
        Line2D([], [], color=c, marker='s', linestyle='', label=m) for c, m in legend.items()
    ]
    figure.legend(
        handles=handles, loc='outside upper left', ncols=2 * columns, fontsize=6, columnspacing=1
    )
    return figure
