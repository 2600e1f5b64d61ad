"""A visualiser for tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mmengine.dist import master_only
from mmpretrain.registry import VISUALIZERS
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from .backends import add_picture
from .pictures import draw_pictures
from .predicted_tags import legend_of, predicted_tags

_DPI = 200  # of a drawing


@VISUALIZERS.register_module()
class TagVisualizer(UniversalVisualizer):
    """MMPretrain's visualiser, with all tags beside the image instead of over it.

    Tags are sorted by score. Marks and colours tell predicted tags that are labelled, predicted tags
    that are not, labelled tags that are not predicted, and predicted tags of which nobody knows. The
    head predicts (``model.head.thr`` or ``topk``).

    Args:
        **kwargs: As for MMPretrain's ``UniversalVisualizer``.
    """

    @master_only
    def visualize_cls(
        self,
        image: np.ndarray,
        data_sample: DataSample,
        classes: Sequence[str] | None = None,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        name: str = '',
        step: int = 0,
        **kwargs: Any,
    ) -> np.ndarray:
        """Draw an image with its tags.

        Args:
            image: Image, (H, W, 3) uint8, RGB.
            data_sample: Sample with ``pred_label``, ``pred_score`` and, if known, ``gt_score`` or
                ``gt_label``.
            classes: Class names; by default those of the data set.
            show: Whether to open a window.
            wait_time: Seconds for which the window is open, 0 for no limit.
            out_file: File to write; by default the visualiser's backends take the drawing.
            name: Name of the image.
            step: Step for the backends.
            **kwargs: Other arguments of MMPretrain's method, which have no effect.

        Returns:
            Drawing, (H, W, 3) uint8, RGB.
        """
        classes = classes or (self.dataset_meta or {}).get('classes')
        tags = predicted_tags(data_sample, classes)
        figure = draw_pictures([(image, name, tags)], 1, legend_of(data_sample))
        figure.set_dpi(_DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            figure.savefig(out_file, dpi=_DPI)
        else:
            self.add_image(name, drawn, step=step)
        return drawn

    @master_only
    def add_image(self, name: str, image: np.ndarray, step: int = 0) -> None:
        """Give a picture to all backends, MLflow among them, which needs a file name."""
        add_picture(self, name, image, step)
