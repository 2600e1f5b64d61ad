"""Making a project: look at a table, split it, write tables, class list and config."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from joblib import cpu_count
from mmengine.config import Config

from ..labels import LabelTable, parse_tag_table, read_tag_table, write_class_list, write_tag_table
from ..printable import NAME, first_few, printable
from .advice import choose_loss, scoring, unlisted
from .backbone import Backbone, find_backbone
from .config_text import Settings, commands, config_text
from .errors import ProjectError
from .inspection import describe, doubts, missing_images
from .splitting import split_table

EPOCHS, RANDOM_EPOCHS = 10, 40
LEARNING_RATE, RANDOM_LEARNING_RATE = 1e-4, 1e-3  # the paper's, and for random weights


@dataclass(frozen=True)
class Project:
    """A project that was written.

    Attributes:
        config: Its config.
        found: What the table holds, a line each.
        warnings: What may spoil the training or its scores, a line each.
        split: How images were divided, a line.
        loss: Which loss was chosen, and why, a line.
        next_steps: Commands, with what they do.
    """

    config: Path
    found: list[str]
    warnings: list[str]
    split: str
    loss: str
    next_steps: list[tuple[str, str]]


def new_project(
    table: str | PathLike[str],
    images: str | PathLike[str],
    out: str | PathLike[str],
    *,
    val: str | PathLike[str] | None = None,
    val_share: float = 0.1,
    seed: int = 0,
    group_column: str | None = None,
    classes: str | PathLike[str] | None = None,
    skip_missing: bool = False,
    backbone: str = 'resnet50_8xb32_in1k',
    pretrained: bool = True,
    image_size: int | None = None,
    table_options: Mapping[str, Any] | None = None,
) -> Project:
    """Write a project for a table of tags: train.csv, val.csv, classes.txt and config.py.

    The folder appears as a whole or not at all.

    Args:
        table: Table of images and tags, as :func:`~mmpretrain_mlml.labels.read_tag_table` reads it.
        images: Folder that the image names are relative to.
        out: Folder to write; must not exist.
        val: Table of the validation set; None to draw one.
        val_share: Share of the images that are drawn for validation.
        seed: Seed of the draw.
        group_column: Column whose values say which images belong together, such as takes of one scene.
        classes: Class list, one name a line; None for all classes of ``table``.
        skip_missing: Whether images without a file are left out, instead of an error.
        backbone: Name of a network of MMPretrain or timm.
        pretrained: Whether it starts from pretrained weights.
        image_size: Side of the images in pixels; None for that of the pretraining.
        table_options: Fields of :class:`~mmpretrain_mlml.labels.TableOptions`.

    Raises:
        FileNotFoundError: If there is no such table.
        LabelError: If a row of a table cannot be used.
        ProjectError: If ``out`` exists, images are missing, there is no such backbone, or the table
            cannot be split.
    """
    folder, images = Path(out), Path(images)
    if folder.exists() or folder.is_symlink():
        raise ProjectError(f'--out {folder} exists: give another name; nothing was changed')
    options = dict(table_options or {})
    assumed = options.get('unlisted') == 'absent'  # the published setting: missing means negative
    extras = [*options.get('extras', ()), *([] if group_column is None else [group_column])]
    whole = parse_tag_table(table, classes, **{**options, 'extras': extras})
    read = whole.require_no_problems()
    read, left_out = _present_images(read, images, skip_missing)
    warnings = [*left_out, *doubts(read)]
    if val is None:
        groups = None if group_column is None else list(read.extras[group_column])
        split = split_table(read, val_share, seed, groups)
        training, validation = read.take(split.train), read.take(split.val)
        how = f'drawn with seed {seed}, stratified' + (
            '' if group_column is None else f', by groups of {group_column!r}'
        )
    else:
        training, how = read, f'from {val}'
        validation = parse_tag_table(val, read.classes, **options).require_no_problems()
        validation, left_out = _present_images(validation, images, skip_missing)
        warnings += left_out
        _require_apart(training, validation)
    network = find_backbone(backbone, pretrained, image_size)
    scored, val_warnings = scoring(training, validation, val is None, assumed)
    loss, why = choose_loss(training, assumed, pretrained)
    settings = Settings(
        source=str(table),
        images=images.absolute(),
        folder=folder.absolute(),
        given=folder,
        num_classes=len(read.classes),
        batch_size=_batch_size(len(training)),
        num_workers=min(4, cpu_count()),
        epochs=EPOCHS if pretrained else RANDOM_EPOCHS,
        learning_rate=LEARNING_RATE if pretrained else RANDOM_LEARNING_RATE,
        loss=loss,
        why=why,
        train_unlisted=unlisted(training),
        val_unlisted=scored,
        all_scored=bool((validation.counts().present > 0).all()),
    )
    _write(folder, training, validation, settings, network)
    share = len(validation) / (len(training) + len(validation))
    return Project(
        config=folder / 'config.py',
        found=[*whole.notes, *describe(read)],
        warnings=[*warnings, *val_warnings],
        split=f'{len(training):,} images for training, {len(validation):,} ({share:.1%}) for '
        f'validation: {how}',
        loss=f'{loss["type"].rpartition(".")[2]}: {why}',
        next_steps=[(printable(command), why) for command, why in commands(folder)],
    )


def _present_images(table: LabelTable, folder: Path, skip: bool) -> tuple[LabelTable, list[str]]:
    """Return the images whose files exist, and a warning if some were left out."""
    missing = missing_images(table, folder)
    if not len(missing):
        return table, []
    examples = first_few((table.names[row] for row in missing[:9]), 3, 2 * NAME).partition(' and ')
    found = (
        f'{len(missing):,} of {len(table):,} image files are missing in {folder} ({examples[0]}'
        f'{", ..." if len(missing) > 3 else ""})'
    )
    if not skip:
        raise ProjectError(f'{found}: correct --images, or leave them out with --skip-missing')
    if len(missing) == len(table):
        raise ProjectError(f'{found}: no image is left')
    return table.take(np.setdiff1d(np.arange(len(table)), missing)), [f'left out: {found}']


def _require_apart(training: LabelTable, validation: LabelTable) -> None:
    shared = sorted(set(training.names) & set(validation.names))
    if shared:
        raise ProjectError(
            f'{len(shared):,} images of the validation table are in the training table, too: '
            f'{first_few(shared, 3)}'
        )


def _batch_size(images: int) -> int:
    """Return a power of two, at most 64, that gives an epoch 16 batches if possible."""
    return int(2 ** np.clip(np.floor(np.log2(max(images, 1) / 16)), 3, 6))


def _write(
    folder: Path,
    training: LabelTable,
    validation: LabelTable,
    settings: Settings,
    network: Backbone,
) -> None:
    """Write all files, or none."""
    with _appearing(folder) as made:
        write_class_list(made / 'classes.txt', training.classes)
        for name, table in (('train.csv', training), ('val.csv', validation)):
            write_tag_table(made / name, replace(table, extras={}))
            if read_tag_table(made / name, table.classes, unlisted=unlisted(table)) != table:
                raise ProjectError(f'{name} does not read as it was written: please report this')
        config = made / 'config.py'
        config.write_text(config_text(settings, network), encoding='utf-8')
        Config.fromfile(config)


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Make a folder under a temporary name, and rename it if all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.with_name(f'.{folder.name}.{secrets.token_hex(4)}.part')
    made.mkdir()
    try:
        yield made
        if folder.exists():
            raise ProjectError(f'--out {folder} exists: give another name; nothing was changed')
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
