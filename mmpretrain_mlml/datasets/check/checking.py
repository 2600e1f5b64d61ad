"""The check of a config's data sets."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mmengine.config import Config
from rich.progress import track

from ...printable import NAME, first_few
from .images import Finding, ImageReport, check_image
from .problem import Problem
from .process_map import process_map
from .repeats import duplicates, leaks
from .sources import Source, read_sources


@dataclass
class Summary:
    """Content of a data set, as far as it could be read."""

    split: str
    kind: str
    images: int
    files: int
    labels: int
    complete_labels: int
    absent: int
    unobserved: int
    images_without_labels: int
    density: float
    images_per_class: dict[str, int]


@dataclass
class Report:
    """Result of a check.

    Attributes:
        summaries: Summary by split, or the name of an earlier split with the same data set.
        problems: Problems, errors first.
        decoded: Number of distinct image files that were decoded.
        seconds: Time for decoding, including the start of the processes.
    """

    summaries: dict[str, Summary | str]
    problems: list[Problem]
    decoded: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def errors(self) -> int:
        """Number of errors."""
        return sum(problem.severity == 'error' for problem in self.problems)


def check(cfg: Config, workers: int) -> Report:
    """Read all labels and decode all images of a config's data sets; show a progress bar.

    Args:
        cfg: Config with data sets.
        workers: Number of processes that decode images.

    Raises:
        ValueError: If the config has no data set.
        Exception: If a data set cannot be built, for reasons other than its labels.
    """
    by_split = read_sources(cfg)
    if not by_split:
        raise ValueError('no train_dataloader, val_dataloader or test_dataloader with a data set')
    sources = [source for source in by_split.values() if isinstance(source, Source)]
    start = time.perf_counter()
    images = _check_images(sources, workers)
    seconds = time.perf_counter() - start
    problems: list[Problem] = []
    for source in sources:
        problems += _label_problems(source)
        problems += _image_problems(source, images)
        problems += duplicates(source, images)
    problems += leaks(sources, images)
    problems.sort(key=lambda problem: problem.severity)  # 'error' before 'warning', stable
    summaries = {
        name: _summary(source) if isinstance(source, Source) else source
        for name, source in by_split.items()
    }
    return Report(summaries, problems, len(images), seconds)


def _check_images(sources: list[Source], workers: int) -> dict[str, ImageReport]:
    jobs = {path: source.load for source in sources for path in source.paths if path is not None}
    if not jobs:
        return {}
    paths = list(jobs)
    reports = process_map(check_image, [(jobs[path], path) for path in paths], workers)
    crashed = Finding('error', 'image', 'a crash of the process that decoded it', 'an image')
    return {
        paths[index]: report or ImageReport([crashed])
        for index, report in track(reports, 'decoding images', total=len(paths))
    }


def _label_problems(source: Source) -> Iterator[Problem]:
    for error in source.problems:
        yield Problem('error', 'label', source.split, error.where, '', error.got, error.expected)
    absent = [name for name, count in _images_per_class(source).items() if count == 0]
    if absent:
        listed = first_few(absent, width=NAME)
        got = f'{len(absent)} of {len(source.classes)} classes in no image: {listed}'
        expected = 'each in some image; training cannot learn, scores count 0 for them'
        yield Problem('warning', 'class', source.split, '', '', got, expected)


def _image_problems(source: Source, images: dict[str, ImageReport]) -> Iterator[Problem]:
    for index, path in enumerate(source.paths):
        if path is None:
            continue
        for severity, kind, got, expected in images[path].findings:
            where = source.where(index)
            yield Problem(severity, kind, source.split, where, path, got, expected)


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
        absent=0 if source.kinds is None else int(source.kinds.absent.sum()),
        unobserved=0 if source.kinds is None else int(source.kinds.unobserved.sum()),
        images_without_labels=sum(not kept for kept in source.kept),
        density=labels / entries if entries else 0.0,
        images_per_class=_images_per_class(source),
    )
