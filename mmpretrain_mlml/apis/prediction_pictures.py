"""Pictures of predictions in files, one for each image."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from matplotlib.figure import Figure

from ..files import atomic_write
from ..transforms.load_whole_image import LoadWholeImage
from ..visualization.prediction import DPI, MOST, draw_explanation, draw_prediction
from .inferencer import MultiLabelInferencer, TaggedImage
from .table_prediction import table_name


class PredictionPictures:
    """Draws the images of a batch with their tags, into a folder.

    The picture of ``a/b.jpg`` is ``FOLDER/a/b.jpg.png``. Broken images have none.

    Args:
        tagger: Model.
        folder: Folder of the pictures.
        relative_to: Folder to which the names of the pictures are relative.
        explain: Whether to draw class activation maps of the tags beside each image.

    Raises:
        ImportError: If maps are asked for and ``grad-cam`` is missing.
    """

    def __init__(
        self, tagger: MultiLabelInferencer, folder: Path, relative_to: Path, explain: bool = False
    ) -> None:
        self._tagger, self._folder, self._relative_to = tagger, folder, relative_to
        self._load = LoadWholeImage()
        self._explainer = tagger.explainer() if explain else None

    def add(self, results: list[TaggedImage]) -> None:
        """Draw images in files.

        Args:
            results: Results of a batch.
        """
        for one in results:
            if one.error is None:
                name = table_name(one.name, self._relative_to)
                path = self._folder / f'{name}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(path) as file:
                    self._draw(one, name).savefig(file, format='png', dpi=DPI)

    def _draw(self, one: TaggedImage, name: str) -> Figure:
        image = self._load.transform({'img_path': one.name})['img'][..., ::-1]
        if self._explainer is None:
            return draw_prediction(image, name, one.tags)
        packed = self._tagger.pipeline(Path(one.name))
        explained = self._explainer(packed, list(islice(one.tags, MOST)))
        return draw_explanation(image, name, one.tags, explained.image, explained.maps)
