"""tools/dist_*.sh and slurm_*.sh: several processes train as one, and get every argument."""

import os

import pytest
from helpers.processes import warm_launcher
from helpers.training import CONFIG, assert_same_scores, options, read_scores


@pytest.mark.dist
def test_two_processes_train_and_score_like_one(trained, run_tool, free_port, tmp_path):
    folder = tmp_path / 'a folder'  # every script has to quote it
    train = (CONFIG, 2, '--work-dir', folder, *options('train_dataloader.batch_size=32'))
    run_tool('bash', 'tools/dist_train.sh', *train, PORT=free_port(), **warm_launcher())
    (log,) = folder.glob('*/*.log')  # the environment is not on the screen
    text = log.read_text()
    assert 'Distributed training: True' in text
    assert 'GPU number: 2' in text
    assert (folder / 'epoch_3.pth').is_file()
    assert len(read_scores(folder)) == 3

    # 101 images on two processes: padded for the last batch, scored exactly
    metrics = tmp_path / 'metrics.json'
    out = ('--out', metrics, '--out-item', 'metrics', '--work-dir', tmp_path)
    test = (CONFIG, trained / 'epoch_3.pth', 2, *out, *options())
    run_tool('bash', 'tools/dist_test.sh', *test, PORT=free_port(), **warm_launcher())
    assert_same_scores(metrics, read_scores(trained)[-1])
    # what two processes trained and scored, one process scores the same
    run_tool('python', 'tools/test.py', CONFIG, folder / 'epoch_3.pth', *out, *options())
    assert_same_scores(metrics, read_scores(folder)[-1])


def test_slurm_scripts_pass_every_argument(run_tool, tmp_path):
    """An srun that prints the command which Slurm's would start."""
    (tmp_path / 'srun').write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    env = {
        'PATH': f'{tmp_path}:{os.environ["PATH"]}',
        'GPUS': '16',
        'SRUN_ARGS': '--qos=a --time=9',
    }
    train = ('bash', 'tools/slurm_train.sh', 'part', 'a job', CONFIG, 'a folder', '--resume')
    arguments = run_tool(*train, '--cfg-options', 'x="[1, 2]"', **env).splitlines()
    passed = {'--job-name=a job', '--ntasks=16', '--qos=a', '--time=9', 'a folder', 'x="[1, 2]"'}
    assert passed <= set(arguments)
    assert arguments[arguments.index('--launcher') + 1] == 'slurm'
    test = ('bash', 'tools/slurm_test.sh', 'part', 'job', CONFIG, 'a b.pth')
    assert 'a b.pth' in run_tool(*test, **env).splitlines()


@pytest.mark.parametrize('script', ['slurm_train', 'slurm_test', 'dist_train', 'dist_test'])
def test_without_arguments_a_script_explains_itself(script, run_tool):
    assert 'usage' in run_tool('bash', f'tools/{script}.sh', expect=1)


@pytest.mark.parametrize('script', ['slurm_train', 'slurm_test', 'dist_train', 'dist_test'])
def test_asked_for_help_a_script_explains_itself_and_its_variables(script, run_tool):
    for arguments in (['--help'], ['-h'], [CONFIG, '2', '--help']):
        text = run_tool('bash', f'tools/{script}.sh', *arguments)
        assert text.startswith(f'usage: {script}.sh ')
        assert 'OMP_NUM_THREADS' in text or 'GPUS_PER_NODE' in text
        assert 'set -euo' not in text


def test_restarts_without_resuming_are_refused(run_tool, tmp_path):
    train = ('bash', 'tools/dist_train.sh', 'configs/digits_full_bce.py', 2, '--work-dir', tmp_path)
    text = run_tool(*train, expect=1, MAX_RESTARTS='1')
    assert 'MAX_RESTARTS=1 needs --resume among the options' in text
    assert not list(tmp_path.iterdir())
