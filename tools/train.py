"""Trains a model: MMPretrain's own tools/train.py and its flags, on a repaired stack."""

import mmpretrain_mlml  # noqa: F401  registers the parts and repairs the stack
from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

if __name__ == '__main__':
    run_mmpretrain_script('train.py')
