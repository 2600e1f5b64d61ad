"""Pictures of predictions, with the maps that explain them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from matplotlib.figure import Figure

from .pictures import draw_pictures
from .predicted_tags import PREDICTED
from .texts import plain

LONGEST = 800  # pixels of a side of a picture
MOST = 6  # maps beside an image
DPI = 200  # of the figures, in a file
_COLUMNS = 3


def draw_prediction(image: np.ndarray, name: str, tags: Mapping[str, float]) -> Figure:
    """Draw an image with its predicted tags.

    Args:
        image: Image, (H, W, 3) uint8, RGB.
        name: Name of the image.
        tags: Probability of each tag, the most probable first.
    """
    drawn = [PREDICTED.tag(tag, score) for tag, score in tags.items()]
    legend = {PREDICTED.colour: f'{PREDICTED.mark} {PREDICTED.meaning if tags else "no tag"}'}
    figure = draw_pictures([(shrunk(image), name, drawn)], 1, legend)
    return figure


def draw_explanation(
    image: np.ndarray,
    name: str,
    tags: Mapping[str, float],
    seen: np.ndarray,
    maps: Mapping[str, np.ndarray],
) -> Figure:
    """Draw an image and, beside it, where the evidence for its tags lies.

    Args:
        image: Image, (H, W, 3) uint8, RGB.
        name: Name of the image.
        tags: Probability of each tag, the most probable first.
        seen: What the network saw, (h, w, 3) uint8, RGB.
        maps: Map of each tag that is explained, (h, w), from 0 to 1.
    """
    columns = min(_COLUMNS, 1 + len(maps))
    rows = math.ceil((1 + len(maps)) / columns)
    figure = Figure(figsize=(2.6 * columns + 0.5, 2.4 * rows + 0.4), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False)
    for panel in panels.flat:
        panel.axis('off')
    cells = list(panels.flat)
    cells[0].imshow(shrunk(image), interpolation='nearest')
    cells[0].set_title(plain(name, 40), fontsize=7, loc='left', pad=3)
    grey = np.repeat(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    drawn = None
    for panel, (tag, values) in zip(cells[1:], maps.items()):
        panel.imshow(grey)
        drawn = panel.imshow(values, cmap='inferno', vmin=0, vmax=1, alpha=0.55)
        text = PREDICTED.tag(tag, tags[tag]).text
        panel.set_title(plain(text, 40), fontsize=8, loc='left', pad=3)
    if drawn is not None:
        bar = figure.colorbar(drawn, ax=panels, shrink=0.6, pad=0.02, ticks=[0, 1])
        bar.ax.set_yticklabels(['no evidence', 'most'], fontsize=6)
    rest = len(tags) - len(maps)
    more = f'; {rest} more tags without a map' if rest else ''
    said = 'evidence for each tag (Grad-CAM)' if maps else 'no tag'
    figure.suptitle(f'{said}{more}', fontsize=7, x=0.01, ha='left')
    return figure


def shrunk(image: np.ndarray) -> np.ndarray:
    """Return an image whose longer side has 800 pixels at most."""
    scale = LONGEST / max(image.shape[:2])
    if scale >= 1:
        return image
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
