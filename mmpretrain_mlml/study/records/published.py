"""The paper's COCO results as far as they are known here; none was seen in print."""

from __future__ import annotations

Published = tuple[float, str]  # mAP in percent; 'quoted' by third parties or 'recalled'

# Source: arXiv 2112.07368. ResNet-50, 448 x 448, 31 epochs of batch 128 at learning rate 1e-4, mAP on
# COCO val2014 in percent. A recalled figure was remembered and is not to be cited.
_COCO = {
    'BCE': {'full': 80.3, '0.75left': 76.81, '0.4left': 70.49, 'single': 68.57},
    'WAN': {'0.75left': 77.25, '0.4left': 72.05, 'single': 70.17},
    'BCE-LS': {'0.75left': 78.27, '0.4left': 73.13, 'single': 70.53},
    'Focal': {'0.75left': 77.05, '0.4left': 71.66, 'single': 70.19},
    'ASL': {'0.75left': 77.97, '0.4left': 72.70, 'single': 71.79},
    'ROLE': {'0.75left': 78.43, '0.4left': 73.67, 'single': 70.90},
    'Hill': {'0.75left': 78.84, '0.4left': 75.15, 'single': 73.17},
    'SPLC': {'0.75left': 78.44, '0.4left': 75.69, 'single': 73.18},
}
_QUOTED = {('BCE', '0.4left'), ('ASL', '0.4left'), ('Hill', '0.4left'), ('SPLC', '0.4left')}

PUBLISHED_COCO: dict[tuple[str, str], Published] = {
    (loss, labels): (value, 'quoted' if (loss, labels) in _QUOTED else 'recalled')
    for loss, by_labels in _COCO.items()
    for labels, value in by_labels.items()
}


def show_published(figure: Published) -> str:
    """Return a figure with its status.

    >>> show_published(PUBLISHED_COCO['SPLC', '0.4left'])
    '75.69 (quoted)'
    """
    value, status = figure
    return f'{value:g} ({status})'
