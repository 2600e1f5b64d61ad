"""Train a model: MMPretrain's tools/train.py and its flags, on the repaired stack."""

import os

os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch is imported: runtime/threads.py

import mmpretrain_mlml  # noqa: F401  registers the parts and repairs the stack
from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

if __name__ == '__main__':
    run_mmpretrain_script('train.py')
