"""Random numbers of Python, numpy and torch are seeded and restored together."""

import random

import numpy as np
import torch

from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.random_state import (
    random_state,
    seed_process,
    seeded,
    set_random_state,
)


def draws():
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_seeded_block_follows_from_its_seeds():
    with seeded(1, 2):
        first = draws()
    with seeded(1, 2):
        again = draws()
    with seeded(2, 1):
        other = draws()
    assert again == first
    assert all(a != b for a, b in zip(other, first))


def test_seeded_block_does_not_disturb_what_follows():
    seed_process(0)
    expected = draws()
    seed_process(0)
    with seeded(3):
        draws()
    assert draws() == expected


def test_error_in_a_seeded_block_restores_the_state():
    seed_process(0)
    expected = draws()
    seed_process(0)
    try:
        with seeded(3):
            raise KeyError
    except KeyError:
        assert draws() == expected


def test_seeded_block_and_process_agree():
    seed_process(4, 5)
    expected = draws()
    with seeded(4, 5):
        assert draws() == expected


def test_state_is_restored_from_a_checkpoint(tmp_path):
    torch.save(random_state(), tmp_path / 'x.pth')
    expected = draws()
    set_random_state(load_from_local(tmp_path / 'x.pth'))
    assert draws() == expected
