"""The command-line tool that writes label lists."""

from mmpretrain_mlml.labels import read_label_list


def test_lists_are_those_of_the_photos_configs(run_tool, coco_root, tmp_path):
    said = run_tool('python', 'tools/write_lists.py', coco_root, '--out', tmp_path, '--seed', '0')
    for name in ('train_full.txt', 'train_0.4left.txt', 'train_singlelabel.txt', 'val_full.txt'):
        assert (tmp_path / name).read_text() == (coco_root / name).read_text()
        assert f'{tmp_path}/{name}: 7 images' in said
    full = read_label_list(tmp_path / 'train_full.txt', 80)
    kept = read_label_list(tmp_path / 'train_0.75left.txt', 80)
    assert [len(x) for x in kept.labels] == [
        len(x) // 2 + 1 if len(x) > 1 else 1 for x in full.labels
    ]


def test_a_subset_of_images_keeps_its_labels(run_tool, coco_root, tmp_path):
    tool = ('python', 'tools/write_lists.py', coco_root, '--out', tmp_path)
    run_tool(*tool, '--images', '4', '2')
    assert len((tmp_path / 'val_full.txt').read_text().splitlines()) == 2
    for name in ('train_full.txt', 'train_0.4left.txt'):
        lines = (tmp_path / name).read_text().splitlines()
        everything = (coco_root / name).read_text().splitlines()
        assert len(lines) == 4
        assert lines == [line for line in everything if line in lines]
    said = run_tool(*tool, '--images', '4', '8', expect=1)
    assert 'images=8: expected 1 to 7, the number of images with a label' in said
