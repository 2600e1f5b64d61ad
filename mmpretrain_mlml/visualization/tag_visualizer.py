from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mmengine.dist import master_only
from mmpretrain.registry import VISUALIZERS
from mmpretrain.structures import DataSample
from mmpretrain.visualization import UniversalVisualizer

from .pictures import Tag, draw_pictures

RIGHT, WRONG, MISSED = 'tab:green', 'tab:red', '0.4'
LEGEND = {RIGHT: 'predicted, marked', WRONG: 'predicted, not marked', MISSED: 'missed'}


@VISUALIZERS.register_module()
class TagVisualizer(UniversalVisualizer):
    """MMPretrain's visualiser, drawing every predicted tag beside the picture, not over it.

    Tags are sorted by their score and coloured: predicted and marked present, predicted but not
    marked, and missed. The predicted ones are the head's (``model.head.thr`` or ``topk``).

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
        """Draws an image with its tags.

        Args:
            image: (H, W, 3) uint8, RGB.
            data_sample: With ``pred_label``, ``pred_score`` and, where known, ``gt_label``.
            classes: Class names; the data set's by default.
            show: Whether to open a window.
            wait_time: Seconds to show it, 0 for ever.
            out_file: Where to write it; by default the visualiser's backends keep it.
            name: Of the picture.
            step: For the backends.
            **kwargs: Of MMPretrain's method; without meaning here.

        Returns:
            The drawing, (H, W, 3) uint8, RGB.
        """
        classes = classes or (self.dataset_meta or {}).get('classes')
        figure = draw_pictures([(image, name, _tags(data_sample, classes))], 1, LEGEND)
        figure.set_dpi(200)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            figure.savefig(out_file, dpi='figure')
        else:
            self.add_image(name, drawn, step=step)
        return drawn


def _tags(sample: DataSample, classes: Sequence[str] | None) -> list[Tag]:
    predicted = set(sample.pred_label.tolist())
    present = set(sample.gt_label.tolist()) if 'gt_label' in sample else set()
    scores = sample.pred_score.float().cpu().numpy()
    tags = []
    for index in sorted(predicted | present, key=lambda index: -scores[index]):
        name = classes[index] if classes else str(index)
        colour = (RIGHT if index in present else WRONG) if index in predicted else MISSED
        tags.append(Tag(f'{name} {scores[index]:.2f}', colour))
    return tags
