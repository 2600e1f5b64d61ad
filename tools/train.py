"""Train a model: MMPretrain's tools/train.py and its flags, on the repaired stack."""

import os

from command_line import parse_for_mmpretrain, run


def main() -> None:
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch: runtime/threads.py
    script = parse_for_mmpretrain('train.py')
    from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

    run_mmpretrain_script(script)


if __name__ == '__main__':
    run(main)
