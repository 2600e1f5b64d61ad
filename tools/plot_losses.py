"""Draw losses and their gradients over the logit, for positive and for unobserved entries.

python tools/plot_losses.py                                    the paper's overview
python tools/plot_losses.py 'SPLC(tau=0.6)' 'SPLC(tau=0.8)' mmpretrain.AsymmetricLoss --out splc.svg
"""

import argparse
from pathlib import Path

from command_line import run

OVERVIEW = ('BCE', 'Focal', 'ASL', 'Hill', 'SPLC')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('losses', nargs='*', default=OVERVIEW, help='such as Hill or SPLC(tau=0.7)')
    parser.add_argument('--out', type=Path, default=Path('losses.png'), help='.png or .svg')
    parser.add_argument(
        '--epoch', type=int, default=1, help='epoch, 0-based; SPLC corrects labels from 1 on'
    )
    parser.add_argument('--limit', type=float, default=8.0, help='largest logit drawn')
    args = parser.parse_args()
    import mmpretrain_mlml  # noqa: F401  registers the losses
    from mmpretrain_mlml.visualization.loss_curves import draw_losses, parse_loss

    try:
        figure = draw_losses(
            {text: parse_loss(text) for text in args.losses}, args.epoch, args.limit
        )
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        parser.error(str(error))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=130)
    print(f'written: {args.out}')


if __name__ == '__main__':
    run(main)
