"""A data set is downloaded, unpacked and verified, and what is missing is named."""

import io
import tarfile
import zipfile
from dataclasses import replace

import pytest
from helpers import ROOT
from helpers.public_sets import write_nus, write_open_images, write_voc

from mmpretrain_mlml import NUSWIDE, OpenImages, PascalVOC
from mmpretrain_mlml.preparation import (
    CATALOGUE,
    Archive,
    ArchiveError,
    DownloadError,
    Listed,
    Present,
    PublicData,
    examine,
    prepare,
    preparing,
)

FILES = ('VOC2012/JPEGImages/{}.jpg', 'VOC2012/Annotations/{}.xml')


@pytest.fixture
def data(server, public_sets):
    """Pascal VOC 2012 of six images, on the server as a tar file as published."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as tarred:
        tarred.add(public_sets / 'VOCdevkit/VOC2012', 'VOCdevkit/VOC2012')
    server.files['VOC.tar'] = buffer.getvalue()
    holds = (Listed('VOC2012/ImageSets/Main/train.txt', 4, FILES),)
    archive = Archive('VOC.tar', f'{server.url}/VOC.tar', holds, strip='VOCdevkit')
    by_hand = {Present('Flickr'): 'the photographs: put them into {root}/Flickr'}
    return PublicData('VOC', 'VOC_ROOT', 'data/VOCdevkit', (archive,), by_hand)


def test_what_is_missing_is_got_and_what_is_there_is_not(data, server, tmp_path):
    seen = []
    findings = prepare(data, tmp_path, report=lambda *what: seen.append(what))
    assert [tuple(finding) for finding in findings] == [
        ('VOC.tar', '', f'{server.url}/VOC.tar, to be put into {tmp_path}/downloads'),
        ('Flickr', 'no Flickr', f'the photographs: put them into {tmp_path}/Flickr'),
    ]
    assert {what for what, *_ in seen} == {'downloading VOC.tar', 'unpacking VOC.tar'}
    assert len(PascalVOC(str(tmp_path / 'VOC2012'), 'train')) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        '.prepare.lock', 'VOC2012', 'downloads',
    ]  # fmt: skip
    (tmp_path / 'Flickr').mkdir()
    assert not any(finding.fault for finding in prepare(data, tmp_path))
    assert len(server.requests) == 1


def test_a_lost_file_is_unpacked_again_from_the_archive_that_is_there(data, server, tmp_path):
    prepare(data, tmp_path)
    lost = tmp_path / 'VOC2012/JPEGImages/2008_000002.jpg'
    lost.unlink()
    assert examine(data, tmp_path)[0].fault.startswith('1 of 4 missing, such as VOC2012/JPEG')
    prepare(data, tmp_path, keep=False)
    assert lost.is_file()
    assert len(server.requests) == 1
    assert not list((tmp_path / 'downloads').iterdir())


def test_an_archive_of_another_size_or_checksum_is_got_again(data, server, tmp_path):
    archive = data.archives[0]
    (tmp_path / 'downloads').mkdir()
    (tmp_path / 'downloads/VOC.tar').write_bytes(b'half')
    whole = replace(archive, size=len(server.files['VOC.tar']))
    prepare(replace(data, archives=(whole,)), tmp_path)
    assert len(server.requests) == 1
    other = replace(data, archives=(replace(archive, md5='f' * 32),))
    with pytest.raises(DownloadError, match=r'MD5 .*, expected ffff'):
        prepare(other, tmp_path / 'other')


def test_what_is_complete_is_verified_once(data, tmp_path, monkeypatch):
    prepare(data, tmp_path)
    looks, fault = [], Listed.fault
    monkeypatch.setattr(Listed, 'fault', lambda *args: (looks.append(args), fault(*args))[1])
    prepare(data, tmp_path)
    assert len(looks) == 1


def test_a_mirror_has_the_files_under_their_names(data, server, tmp_path):
    elsewhere = replace(data.archives[0], url='http://127.0.0.1:9/VOC.tar')
    prepare(replace(data, archives=(elsewhere,)), tmp_path, mirror=server.url + '/')
    assert server.requests == [('VOC.tar', '')]


def test_archives_without_their_top_folder_and_plain_files(server, tmp_path):
    source = write_nus(tmp_path / 'source')
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as zipped:
        for path in (source / 'ImageList').iterdir():
            zipped.write(path, path.name)
    server.files |= {'ImageList.zip': buffer.getvalue(), 'classes.txt': b'a\nb\n'}
    archives = (
        Archive(
            'ImageList.zip', f'{server.url}/ImageList.zip',
            (Present('ImageList/TrainImagelist.txt', 4),), into='ImageList', strip='ImageList',
        ),
        Archive(
            'classes.txt', f'{server.url}/classes.txt', (Present('classes.txt', 2),), packed=False
        ),
    )  # fmt: skip
    root = tmp_path / 'nus'
    findings = prepare(PublicData('NUS', 'NUS_ROOT', 'data/nus', archives, {}), root)
    assert [finding.fault for finding in findings] == ['', '']
    assert (root / 'classes.txt').read_text() == 'a\nb\n'


def test_a_damaged_archive_and_a_second_process(data, server, tmp_path):
    server.files['VOC.tar'] = b'<html>please log in</html>'
    with pytest.raises(ArchiveError, match='neither a tar nor a zip archive'):
        prepare(data, tmp_path)
    with preparing._alone(tmp_path), pytest.raises(DownloadError, match='another process prepares'):
        prepare(data, tmp_path)


def test_the_catalogue_is_complete():
    for data in CATALOGUE.values():
        for archive in data.archives:
            assert archive.url.startswith('https://')
            assert archive.url.endswith(archive.name)
            assert archive.holds
            assert len(archive.md5) in (0, 32)
            assert bool(archive.md5) == bool(archive.size)
    from torchvision.datasets.voc import DATASET_YEAR_DICT as published

    md5 = {archive.name: archive.md5 for name in ('voc2007', 'voc2012')
           for archive in CATALOGUE[name].archives}  # fmt: skip
    for year in ('2007', '2007-test', '2012'):
        assert md5[published[year]['filename']] == published[year]['md5']


@pytest.mark.parametrize('kind', [PascalVOC, NUSWIDE, OpenImages])
def test_a_data_set_is_prepared_where_its_configs_look(kind):
    for name, data in CATALOGUE.items():
        if name.startswith(kind.NAME):
            assert (data.folder, data.variable) == (kind.FOLDER, kind.VARIABLE)
    configs = list((ROOT / 'configs/_base_/datasets').glob(f'{kind.NAME}*.py'))
    assert configs
    for path in configs:
        assert f'{{{{${kind.VARIABLE}:{kind.FOLDER}}}}}' in path.read_text()


def test_the_folders_of_the_catalogue_are_those_that_the_data_sets_read(tmp_path):
    """The small copies have the published layout, but for the numbers."""

    def faults(name, folder):
        return [finding.fault for finding in examine(CATALOGUE[name], tmp_path / folder)]

    write_voc(tmp_path, 2007)
    assert faults('voc2007', 'VOCdevkit') == [
        f'VOC2007/ImageSets/Main/{split}: {number} lines'
        for split, number in (('trainval.txt', '4 of 5,011'), ('test.txt', '2 of 4,952'))
    ]
    write_nus(tmp_path / 'nus')
    assert faults('nus', 'nus') == [
        'ImageList/TrainImagelist.txt: 4 of 161,789 lines',
        'Groundtruth/TrainTestLabels/Labels_airport_Train.txt: 4 of 161,789 lines',
        '',
    ]
    write_open_images(tmp_path / 'oi')
    assert faults('openimages', 'oi') == [
        '',
        '',
        '',
        'no oidv7-test-annotations-human-imagelabels.csv',
        '',
        '',
        'no test',
        '',
    ]


def test_the_tool(run_tool, public_sets, tmp_path, server):
    tool = ('python', 'tools/prepare_data.py')
    said = run_tool(*tool, 'openimages', '--root', public_sets / 'openimages', '--check', expect=1)
    assert 'oidv7-classes-trainable.txt: complete' in said
    assert 'test-annotations-human-imagelabels.csv: no oidv7-test' in said
    assert 'by hand: https://storage.googleapis.com/openimages/v7/oidv7-test' in said
    assert f's3://open-images-dataset/test {public_sets}/openimages/test' in said
    said = run_tool(
        *tool, 'nus', '--root', tmp_path / 'nus', '--mirror', server.url, expect=1, timeout=60
    )
    assert f'error: {server.url}/ImageList.zip: 404' in said
    assert 'ask for them at https://lms.comp.nus.edu.sg' in said
    assert server.requests == [('ImageList.zip', '')]
    said = run_tool(*tool, 'voc', '--years', '2014', expect=2)
    assert '--years 2014: expected 2007 or 2012' in said
