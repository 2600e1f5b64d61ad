"""The command-line tool that checks data sets."""

import json
import shutil
import sys

WITH_CODE = ('bash', '-c', '"$@"; echo "exit code $?"', 'bash')
TOOL = (*WITH_CODE, sys.executable, 'tools/check_dataset.py')


def test_exit_code_is_zero_without_errors(run_tool, tmp_path):
    small = ['train_dataloader.dataset.size=100', 'val_dataloader.dataset.size=50']
    out = tmp_path / 'new/problems.json'
    command = (*TOOL, 'configs/digits_full_bce.py', '--out', out, '--cfg-options', *small)
    shown = run_tool(*command, COLUMNS='20')
    assert 'exit code 0' in shown
    assert {'set', 'density', '100', '10/10'} <= set(
        shown.split()
    )  # whole, also on a narrow terminal
    assert {'present', 'absent', 'unobserved'} <= set(shown.split())
    assert 'only the labels were checked' in shown
    assert '0 errors, 0 warnings' in shown
    assert json.loads(out.read_text())['sets']['train']['images'] == 100


def test_exit_code_is_one_with_a_truncated_image(coco_root, run_tool, tmp_path):
    root = tmp_path / 'coco'
    shutil.copytree(coco_root, root)
    broken = root / 'train2014/COCO_train2014_000000000005.jpg'
    broken.write_bytes(broken.read_bytes()[:1000])
    out = tmp_path / 'problems.json'
    config = 'configs/coco_0.4left_splc.py'
    shown = run_tool(*TOOL, config, '--workers', 1, '--out', out, COCO_ROOT=str(root))
    assert 'exit code 1' in shown
    assert '14 image files in ' in shown
    assert '1 errors, 2 warnings' in shown  # and each set lacks some classes
    content = json.loads(out.read_text())
    assert (content['errors'], content['warnings'], content['images_decoded']) == (1, 2, 14)
    problem = content['problems'][0]
    assert problem['path'] == str(broken)
    assert problem['where'] == f'{root}/annotations/instances_train2014.json: image 5'
    assert problem['got'] == 'a JPEG file that breaks off after 1000 bytes'


def test_unreadable_configs_have_exit_code_two(run_tool):
    shown = run_tool(*TOOL, 'no.py')
    assert 'exit code 2' in shown
    assert 'no.py cannot be checked' in shown
