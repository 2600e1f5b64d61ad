"""Draw training samples: augmented images with their kept and dropped labels."""

import argparse
from pathlib import Path

from command_line import DictAction, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('--out', type=Path, default=Path('browse.png'))
    parser.add_argument('--number', type=int, default=16, help='number of images, drawn at random')
    parser.add_argument(
        '--seed', type=int, default=0, help='seed for the choice of images and for augmentations'
    )
    parser.add_argument('--epoch', type=int, default=0, help='epoch of the augmentations, 0-based')
    parser.add_argument('--columns', type=int, default=4, help='images in a row')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    if args.number < 1 or args.columns < 1:
        parser.error('expected --number and --columns >= 1')

    import numpy as np
    from mmengine.registry import init_default_scope
    from mmpretrain.registry import DATASETS

    from mmpretrain_mlml.datasets import MissingLabelDataset
    from mmpretrain_mlml.runtime.read_config import read_config
    from mmpretrain_mlml.visualization import contact_sheet

    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    if not isinstance(dataset, MissingLabelDataset):
        parser.error(f'expected a MissingLabelDataset, got {type(dataset).__name__}')
    dataset.seed_samples(args.seed, args.epoch)

    number = min(args.number, len(dataset))
    random = np.random.default_rng(args.seed)
    chosen = sorted(random.choice(len(dataset), number, replace=False).tolist())
    bgr = cfg.model.get('data_preprocessor', {}).get('to_rgb', False)
    figure = contact_sheet(dataset, chosen, bgr, args.columns)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=150)
    print(f'written: {args.out} ({number} of {len(dataset)} images)')


if __name__ == '__main__':
    run(main)
