"""Export a trained model for use elsewhere: safetensors, ONNX, predict.py, and a JSON that says how.

python tools/export.py configs/coco_0.4left_splc.py best.pth exported/
python exported/predict.py photo.jpg   # needs onnxruntime, Pillow and numpy
"""

import argparse
from functools import partial
from pathlib import Path

from command_line import DictAction, run

FORMATS = 'safetensors', 'onnx', 'predict'


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
    parser.add_argument('--half', action='store_true', help='write model.fp16.onnx, too')
    parser.add_argument('--int8', action='store_true', help='write model.int8.onnx, too')
    parser.add_argument(
        '--validate', action='store_true',
        help='score model.onnx on the test set; so are fp16 and int8, which are compared with it',
    )  # fmt: skip
    parser.add_argument('--images', type=int, help='number of test images to score (default: all)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()

    scored = args.validate or args.half or args.int8
    if 'onnx' not in args.formats and ('predict' in args.formats or scored):
        parser.error('--formats: predict.py, --validate, --half and --int8 need onnx')
    if args.images is not None and not scored:
        parser.error('--images: expected --validate, --half or --int8, which score test images')
    if args.images is not None and args.images < 1:
        parser.error(f'--images: expected a number >= 1, got {args.images}')

    from rich.progress import track

    from mmpretrain_mlml.apis.exporting import export_model
    from mmpretrain_mlml.runtime.read_config import read_config

    try:
        written, scores = export_model(
            read_config(args.config, args.cfg_options),
            args.checkpoint,
            args.out,
            formats=args.formats,
            weights=args.weights,
            size=args.size,
            thresholds=args.thresholds,
            half=args.half,
            int8=args.int8,
            validate=args.validate,
            images=args.images,
            progress=partial(track, description='images'),
        )
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    for name, found in scores.items():
        loss = f', {found["mAP_lost"]:.2f} less than model.onnx' if 'mAP_lost' in found else ''
        print(f'{name}: mAP {found["mAP"]:.2f}{loss} ({found["images"]} images)')
    print('written: ' + ', '.join(map(str, written)))


if __name__ == '__main__':
    run(main)
