"""Convert a checkpoint of the released trainer (torchvision names) to ours, or back.

python tools/convert_checkpoint.py configs/coco_0.4left_splc.py released.ckpt ours.pth
"""

import argparse
import io
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config of the model that the weights belong to')
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('out', type=Path, help='file to write; must not exist')
    parser.add_argument('--to', choices=['ours', 'released'], default='ours')
    parser.add_argument(
        '--weights',
        choices=['averaged', 'raw'],
        help='set to use if the file holds both (default: averaged)',
    )
    args = parser.parse_args()
    if args.out.exists():
        parser.error(f'{args.out} exists already; name a new file')
    import torch

    from mmpretrain_mlml.checkpoints import (
        AtomicLocalBackend,
        CheckpointError,
        build_model,
        from_released,
        read_weights,
        to_released,
    )
    from mmpretrain_mlml.runtime.config_keys import ConfigError
    from mmpretrain_mlml.runtime.read_config import read_config

    try:
        cfg = read_config(args.config, {})
        state = read_weights(args.checkpoint, args.weights)
        ours = from_released(state) if args.to == 'ours' else state
        build_model(cfg, ours, str(args.checkpoint))
        out = to_released(ours) if args.to == 'released' else {'state_dict': ours, 'meta': {}}
        content = io.BytesIO()
        torch.save(out, content)
        AtomicLocalBackend().put(content.getvalue(), args.out)
    except (CheckpointError, ConfigError, OSError, RuntimeError) as error:
        raise SystemExit(f'error: {error}') from error
    print(f'written: {args.out} ({len(ours)} tensors)')


if __name__ == '__main__':
    run(main)
