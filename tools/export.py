"""Export a trained model for use elsewhere: safetensors, ONNX, and a JSON with classes and input.

python tools/export.py configs/coco_0.4left_splc.py best.pth exported/
"""

import argparse
from pathlib import Path

from command_line import DictAction, run

FORMATS = 'safetensors', 'onnx'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('out', type=Path, help='folder for the files; created if necessary')
    parser.add_argument('--formats', nargs='+', choices=FORMATS, default=FORMATS)
    parser.add_argument(
        '--weights',
        choices=['averaged', 'raw'],
        help='set to use if the file holds both (default: averaged)',
    )
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='input size in pixels (default: that of the test pipeline)',
    )
    parser.add_argument(
        '--thresholds',
        help='number, or file of tools/tune_thresholds.py (default: of config, or else checkpoint)',
    )
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()

    from mmpretrain_mlml import checkpoints
    from mmpretrain_mlml.checkpoints import (
        CheckpointError,
        build_model,
        check_trained_classes,
        describe,
        read_stored_thresholds,
        read_weights,
    )
    from mmpretrain_mlml.runtime.read_config import read_config

    try:
        cfg = read_config(args.config, args.cfg_options)
        state = read_weights(args.checkpoint, args.weights)
        model = build_model(cfg, state, str(args.checkpoint))
        stored = read_stored_thresholds(args.checkpoint)
        info = describe(cfg, args.size, thresholds=args.thresholds, stored=stored)
        check_trained_classes(args.checkpoint, info['classes'])
        args.out.mkdir(parents=True, exist_ok=True)
        exports = [getattr(checkpoints, f'export_{name}') for name in args.formats]
        written = {path for export in exports for path in export(model, info, args.out)}
    except (CheckpointError, OSError, ImportError, RuntimeError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    print('written: ' + ', '.join(map(str, sorted(written))))


if __name__ == '__main__':
    run(main)
