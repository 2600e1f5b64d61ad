"""tools/demo_audit.py on a few scenes: the whole loop, from incomplete labels to pictures."""

import json

import pytest

SMALL = (
    'model.backbone.base_channels=2', 'model.backbone.stem_channels=2',
    'model.head.in_channels=16', 'train_cfg.max_epochs=2',
)  # fmt: skip


@pytest.mark.slow
def test_the_demo_walks_the_whole_loop(run_tool, tmp_path):
    command = 'python', 'tools/demo_audit.py', '--size', 200, '--work-dir', tmp_path
    said = run_tool(*command, '--cfg-options', *SMALL)
    for word in ('after the review', 'OF1 gap closed', 'proposals.png', 'review.html'):
        assert word in said
    decisions = (tmp_path / 'audit/decisions.csv').read_text().splitlines()
    proposals = (tmp_path / 'audit/proposals.csv').read_text().splitlines()
    assert len(decisions) == len(proposals) > 10
    assert (tmp_path / 'proposals.png').stat().st_size > 1000
    assert (tmp_path / 'audit/simulation.png').stat().st_size > 1000
    lines = (tmp_path / 'reviewed.jsonl').read_text().splitlines()
    assert len(lines) == 200
    assert json.loads((tmp_path / 'left/run.json').read_text())['finished']
