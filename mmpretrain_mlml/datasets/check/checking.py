from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmengine.config import Config
from rich.progress import track

from .images import Finding, ImageReport, examine_image
from .leaks import doubles, leaks
from .problem import Problem
from .sources import Source, read_sources
from .survey import survey


@dataclass
class Summary:
    """What a data set holds, as far as it could be read."""

    split: str
    kind: str
    images: int
    files: int
    labels: int
    complete_labels: int
    images_without_labels: int
    density: float
    images_per_class: dict[str, int]


@dataclass
class Report:
    """Outcome of a check.

    Attributes:
        summaries: By split; the name of another split where they are the same.
        problems: Errors first.
        decoded: Number of different image files looked at.
        seconds: That took, with the start of the processes.
    """

    summaries: dict[str, Summary | str]
    problems: list[Problem]
    decoded: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def errors(self) -> int:
        return sum(problem.severity == 'error' for problem in self.problems)


def check(cfg: Config, workers: int) -> Report:
    """Reads all labels and decodes all images of a config's data sets; shows its progress.

    Args:
        cfg: Any config with data sets.
        workers: Number of processes that decode.

    Raises:
        ValueError: The config has no data set.
        Exception: Whatever a data set raises that cannot be built for reasons other than its labels.
    """
    found = read_sources(cfg)
    if not found:
        raise ValueError('no train_dataloader, val_dataloader or test_dataloader with a data set')
    sources = {name: source for name, source in found.items() if isinstance(source, Source)}
    start = time.perf_counter()
    images = _examine_images(list(sources.values()), workers)
    seconds = time.perf_counter() - start
    problems = []
    for source in sources.values():
        problems += _label_problems(source)
        problems += _image_problems(source, images)
        problems += doubles(source, images)
    problems += leaks(list(sources.values()), images)
    problems.sort(key=lambda problem: problem.severity)  # 'error' before 'warning', else as found
    summaries = {
        name: _summary(source) if isinstance(source, Source) else source
        for name, source in found.items()
    }
    return Report(summaries, problems, len(images), seconds)


def _examine_images(sources: list[Source], workers: int) -> dict[str, ImageReport]:
    jobs = {path: source.load for source in sources for path in source.paths if path}
    if not jobs:
        return {}
    paths = list(jobs)
    outcomes = survey(examine_image, [(jobs[path], path) for path in paths], workers)
    died = Finding('error', 'image', 'a process that died of decoding it', 'an image')
    return {
        paths[index]: outcome or ImageReport([died])
        for index, outcome in track(outcomes, 'decoding images', total=len(paths))
    }


def _label_problems(source: Source) -> Iterator[Problem]:
    for error in source.problems:
        yield Problem('error', 'label', source.split, error.where, '', error.got, error.expected)
    absent = [name for name, count in _images_per_class(source).items() if count == 0]
    if absent:
        got = f'{len(absent)} of {len(source.classes)} classes in no image: {", ".join(absent)}'
        expected = 'each in some image; training cannot learn, scores count 0 for them'
        yield Problem('warning', 'class', source.split, '', '', got, expected)


def _image_problems(source: Source, images: dict[str, ImageReport]) -> Iterator[Problem]:
    for index, path in enumerate(source.paths):
        for severity, kind, got, expected in images[path].findings if path else ():
            place = source.where(index)
            yield Problem(severity, kind, source.split, place, path, got, expected)


def _images_per_class(source: Source) -> dict[str, int]:
    count = Counter(label for labels in source.kept for label in labels)
    return {name: count[index] for index, name in enumerate(source.classes)}


def _summary(source: Source) -> Summary:
    labels = sum(map(len, source.kept))
    entries = len(source.names) * len(source.classes)
    return Summary(
        split=source.split,
        kind=source.kind,
        images=len(source.names),
        files=sum(path is not None for path in source.paths),
        labels=labels,
        complete_labels=sum(map(len, source.complete)),
        images_without_labels=sum(not kept for kept in source.kept),
        density=labels / entries if entries else 0.0,
        images_per_class=_images_per_class(source),
    )
