"""Former names of this package keep working and warn."""

import pytest

from mmpretrain_mlml import labels
from mmpretrain_mlml.labels import LabelError, parse_instances, parse_label_list


def test_former_names_warn_with_the_new_one():
    for old, new in (
        ('Examination', 'ParsedLabels'),
        ('examine_label_list', 'parse_label_list'),
        ('examine_instances', 'parse_instances'),
    ):
        with pytest.warns(DeprecationWarning, match=rf'labels\.{old} is deprecated; .*{new}'):
            getattr(labels, old)
    with pytest.raises(AttributeError, match="has no attribute 'other'"):
        _ = labels.other


@pytest.mark.filterwarnings('ignore:.*deprecated:DeprecationWarning')
def test_former_functions_return_former_attributes(coco_root, tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a.jpg,1\nb.jpg\n')
    examination = labels.examine_label_list(path, 80)
    parsed = parse_label_list(path, 80)
    assert isinstance(examination, labels.Examination)
    assert examination.found == examination.labels == parsed.labels
    assert examination.where(0) == parsed.location_of(0) == f'{path}:1'
    assert [*map(str, examination.problems)] == [*map(str, parsed.problems)]
    with pytest.raises(LabelError, match='without a comma'):
        examination.sound()
    instances = coco_root / 'annotations/instances_train2014.json'
    instance_labels, _, problems = labels.examine_instances(instances)
    assert (instance_labels, problems) == (parse_instances(instances).labels, [])


@pytest.mark.filterwarnings('ignore:.*deprecated:DeprecationWarning')
def test_an_examination_is_made_with_former_arguments():
    found = labels.LabelList(['a.jpg'], [[1]])
    assert labels.Examination(found=found, where=str, problems=[]).sound() is found
