"""tools/browse.py draws what the network gets to see."""

import cv2
import numpy as np

COCO = 'configs/coco_0.4left_splc.py'


def test_browse_draws_the_same_sheet_again_and_another_one_of_another_epoch(
    coco_root, run_tool, tmp_path
):
    def browse(out, *options):
        command = ('python', 'tools/browse.py', COCO, '--number', 5, '--out', out, *options)
        text = run_tool(*command, COCO_ROOT=str(coco_root))
        assert '(5 of 7 images)' in text
        return cv2.imread(str(out))

    sheet = browse(tmp_path / 'a/sheet.png')
    assert sheet.std() > 20
    assert np.array_equal(browse(tmp_path / 'b.png'), sheet)
    assert not np.array_equal(browse(tmp_path / 'c.png', '--epoch', 1), sheet)
