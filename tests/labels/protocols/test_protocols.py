"""Protocols as objects: counts as expected, pinned draws, what becomes of dropped labels."""

import json
from hashlib import sha256

import numpy as np
import pytest

from mmpretrain_mlml.labels import (
    COCO_CLASSES,
    LabelTable,
    drop_labels,
    hide_entries,
    read_label_list,
)
from mmpretrain_mlml.labels.protocols import (
    PROTOCOLS,
    RPS,
    Bernoulli,
    ClassDependent,
    FalsePositives,
    FixedPerClass,
    PaperRule,
    SizeBiased,
    Unobserved,
    apply_protocols,
    build_protocols,
    describe_protocols,
    trace_protocols,
)
from mmpretrain_mlml.labels.protocols.building import KINDS

N, CLASSES = 400, tuple('abcdefgh')
NAMES = [f'{index}.jpg' for index in range(N)]
FREQUENCY = np.linspace(0.05, 0.6, 8)


def matrix(unobserved=0.0, absent=True):
    """Labels of 400 images and 8 classes; the last class is frequent, the first is rare."""
    random = np.random.RandomState(0)
    labels = (random.rand(N, 8) < FREQUENCY).astype(np.int8)
    labels[random.rand(N, 8) < unobserved] = -1
    return labels if absent else np.where(labels == 0, -1, labels)


PUBLISHED = LabelTable.from_positives(
    NAMES, [np.flatnonzero(row == 1).tolist() for row in matrix()], CLASSES, fill=0
)
THREE = LabelTable.from_dense(NAMES, matrix(0.2), CLASSES)  # lists what is not absent
POSITIVE = LabelTable.from_dense(NAMES, matrix(0.2, absent=False), CLASSES)
TABLES = {'published': PUBLISHED, 'three-valued': THREE, 'positive-only': POSITIVE}


@pytest.fixture
def annotations(tmp_path):
    """COCO annotations of the published table: class c is a box of c + 1 tenths of the image."""
    objects = [
        {'id': 100 * row + label + 1, 'image_id': row, 'category_id': label + 1, 'iscrowd': 0,
         'area': 100.0 * (label + 1) ** 2, 'bbox': [0, 0, 10 * (label + 1), 10 * (label + 1)]}
        for row in range(N) for label in PUBLISHED.positives(row)
    ]  # fmt: skip
    content = {
        'images': [{'id': row, 'file_name': name, 'width': 100, 'height': 100}
                   for row, name in enumerate(NAMES)],
        'annotations': objects,
        'categories': [{'id': number, 'name': name} for number, name in enumerate(CLASSES, 1)],
    }  # fmt: skip
    path = tmp_path / 'instances.json'
    path.write_text(json.dumps(content))
    return str(path)


PROTOCOL = {
    '0.4left': PaperRule('0.4left'),
    'Bernoulli': Bernoulli(0.4),
    'ClassDependent': ClassDependent(0.4),
    'FixedPerClass': FixedPerClass(25),
    'FPC': FixedPerClass(25, negatives=30),
    'RPS': RPS(0.5),
    'FalsePositives': FalsePositives(0.05),
    'Unobserved': Unobserved(),
}


@pytest.mark.parametrize('table', TABLES.values(), ids=TABLES)
@pytest.mark.parametrize('protocol', PROTOCOL.values(), ids=PROTOCOL)
def test_counts_are_those_expected(protocol, table):
    before = table.dense()
    counts = np.array(
        [[c.sum() for c in protocol.apply(table, seed).counts()] for seed in range(20)]
    )
    expected = np.array(protocol.expected(table))
    assert expected.sum() == pytest.approx(N * 8)
    spread = counts.std(0) / np.sqrt(20)
    assert (abs(counts.mean(0) - expected) <= 4 * spread + 1e-9).all()
    assert np.array_equal(table.dense(), before)


DIGESTS = {
    '0.4left': 'ec92ada86b3d9a82',
    'Bernoulli': 'd3a52b72bb9e253b',
    'ClassDependent': '2f1790cc2a34e033',
    'FixedPerClass': 'f127fcd1f88664fd',
    'FPC': '87ebe98933fd50c0',
    'RPS': '301fb56e9841ad06',
    'FalsePositives': '23b4e0b79be51397',
    'Unobserved': '1f0c028294fe5b4b',
}


def digest(table):
    return sha256(table.dense().tobytes()).hexdigest()[:16]


@pytest.mark.parametrize('name', DIGESTS)
def test_draws_are_the_same_on_every_machine(name):
    assert digest(PROTOCOL[name].apply(PUBLISHED, 7)) == DIGESTS[name]


PUBLISHED_DIGESTS = {
    'full': 'f99b3acd7e9b5aab',
    '0.75left': '7e54ac3b20435422',
    '0.4left': 'ec92ada86b3d9a82',
    'single': '4f98b2db6580940a',
}


@pytest.mark.parametrize('name', PUBLISHED_DIGESTS)
def test_draws_of_the_published_rules_are_pinned(name):
    assert digest(PaperRule(name).apply(PUBLISHED, 7)) == PUBLISHED_DIGESTS[name]


def test_protocols_one_after_another_are_pinned():
    protocols = build_protocols(['0.75left', 'Bernoulli(keep=0.5)', 'Bernoulli(keep=0.5)'])
    assert digest(apply_protocols(PUBLISHED, protocols, 7)) == '41596d6fb058a63c'
    assert digest(apply_protocols(THREE, [RPS(0.3), FalsePositives(0.1)], 7)) == '1737314121675ea8'


def test_every_protocol_is_pinned():
    pinned = {type(PROTOCOL[name]).__name__ for name in DIGESTS}
    assert pinned | {'SizeBiased'} == set(KINDS)  # SizeBiased below, with its annotations
    assert set(PUBLISHED_DIGESTS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    'name', [name for name in PROTOCOL if name not in ('FixedPerClass', 'FPC')]
)
def test_draws_do_not_depend_on_order(name):
    protocol, rows = PROTOCOL[name], np.arange(N)[::-1]
    whole = protocol.apply(THREE, 3).dense()
    assert np.array_equal(protocol.apply(THREE.take(rows), 3).dense(), whole[rows])
    if name != 'Unobserved':
        assert not np.array_equal(protocol.apply(THREE, 4).dense(), whole)


@pytest.mark.parametrize('table', TABLES.values(), ids=TABLES)
@pytest.mark.parametrize('protocol', [PaperRule('0.4left'), Bernoulli(0.4), ClassDependent(0.4),
                                      FixedPerClass(25)], ids=str)  # fmt: skip
def test_a_dropped_label_says_nothing(protocol, table):
    """-1 where the table knows unobserved entries, 0 in the published setting."""
    before, after = table.dense(), protocol.apply(table, 1).dense()
    changed = before != after
    assert changed.any()
    assert (before[changed] == 1).all()
    assert (after[changed] == (0 if table is PUBLISHED else -1)).all()


@pytest.mark.parametrize('name', PROTOCOLS)
def test_published_names_draw_what_they_always_did(name):
    lists = drop_labels(NAMES, PUBLISHED.positive_lists, name, 5)
    assert list(PaperRule(name).apply(PUBLISHED, 5).positive_lists) == lists


def test_rps_hides_what_it_always_did():
    hidden = hide_entries(NAMES, 8, 0.3, 5)
    for table in TABLES.values():
        expected = np.where(hidden, -1, table.dense())
        assert np.array_equal(RPS(0.3).apply(table, 5).dense(), expected)
    assert RPS(0.0).apply(PUBLISHED) is PUBLISHED


def test_rare_classes_lose_more():
    probability = ClassDependent(0.5, power=1.0).probabilities(PUBLISHED)
    counts = PUBLISHED.counts().present
    assert (np.diff(probability[np.argsort(counts)]) >= 0).all()
    assert (probability * counts).sum() == pytest.approx(0.5 * counts.sum())
    assert ClassDependent(0.5, power=0.0).probabilities(PUBLISHED) == pytest.approx([0.5] * 8)
    assert (ClassDependent(0.95, power=3.0).probabilities(PUBLISHED) <= 1).all()  # some keep all
    assert ClassDependent(1.0).probabilities(PUBLISHED) == pytest.approx([1] * 8)


def test_fixed_numbers_of_each_class():
    for seed in (0, 1):
        present, absent, unobserved = FixedPerClass(25, 30).apply(PUBLISHED, seed).counts()
        assert present.tolist() == np.minimum(PUBLISHED.counts().present, 25).tolist()
        assert absent.tolist() == [30] * 8
        assert (present + absent + unobserved == N).all()
    few = FixedPerClass(10**6, 10**6).apply(THREE)
    assert few == THREE
    chosen = [FixedPerClass(0, 30).apply(PUBLISHED, seed).dense() for seed in range(60)]
    often = (np.array(chosen) == 0).mean(0)
    assert abs(often[:, 0].std()) < 0.06  # each absence is equally likely


def test_negatives_are_drawn_in_chunks_as_in_one(monkeypatch):
    from mmpretrain_mlml.labels.protocols import draws

    whole = [protocol.apply(THREE, 2).dense() for protocol in PROTOCOL.values()]
    monkeypatch.setattr(draws, 'CHUNK', 100)
    for protocol, expected in zip(PROTOCOL.values(), whole):
        assert np.array_equal(protocol.apply(THREE, 2).dense(), expected)


class TestSizeBiased:
    def test_numbers_are_those_of_the_rule(self, annotations):
        for rule in ('0.75left', '0.4left', 'single'):
            protocol = SizeBiased(rule, annotations=annotations)
            table = protocol.apply(PUBLISHED, 1)
            assert np.array_equal(
                table.labels_per_image(), PaperRule(rule).apply(PUBLISHED, 1).labels_per_image()
            )
            assert protocol.expected(PUBLISHED).present == table.counts().present.sum()

    def test_small_objects_are_missed_first(self, annotations):
        def share(**kwargs):
            protocol = SizeBiased('single', annotations=annotations, **kwargs)
            return protocol.apply(PUBLISHED, 0).counts().present / PUBLISHED.counts().present

        uniform, biased, strong = share(size=0.0), share(size=1.0), share(size=4.0)
        assert abs(uniform[1:4].mean() - uniform[4:].mean()) < 0.1
        assert biased[1] < 0.7 * uniform[1] < uniform[7] < biased[7] < strong[7]

    def test_weights_are_the_formula(self, annotations):
        weights = SizeBiased('single', 0.5, 2.0, annotations).weights(PUBLISHED)
        classes = PUBLISHED.indices[PUBLISHED.values == 1]
        side = (classes + 1) / 10
        away = abs(side / 2 - 0.5) / 0.5  # on the diagonal
        assert weights == pytest.approx(side * np.maximum(1 - away, 0.01) ** 2)

    def test_draws_are_in_proportion_to_the_weight(self, annotations):
        """Of two labels the first is kept with probability w1 / (w1 + w2)."""
        pairs = LabelTable.from_positives(
            NAMES, [row[-2:] for row in PUBLISHED.positive_lists], CLASSES, fill=0
        )
        protocol = SizeBiased('single', annotations=annotations)
        weights = protocol.weights(pairs)
        two = pairs.labels_per_image() == 2
        starts = pairs.offsets[:-1][two]
        probability = weights[starts + 1] / (weights[starts] + weights[starts + 1])
        last = [present[-1:] for present in np.array(list(pairs.positive_lists), object)[two]]
        kept = np.mean([
            [a == b for a, b in zip(np.array(list(protocol.apply(pairs, seed).positive_lists),
                                             object)[two], last)]
            for seed in range(10)
        ])  # fmt: skip
        assert kept == pytest.approx(probability.mean(), abs=0.03)

    def test_draws_are_pinned_and_do_not_depend_on_the_path(self, annotations, tmp_path):
        other = tmp_path / 'elsewhere.json'
        other.write_bytes((tmp_path / 'instances.json').read_bytes())
        tables = [
            SizeBiased('0.4left', annotations=str(path)).apply(PUBLISHED, 7)
            for path in (annotations, other)
        ]
        assert digest(tables[0]) == digest(tables[1]) == 'd80ab65f35abf662'

    def test_what_is_missing_is_named(self, annotations, tmp_path, capsys):
        with pytest.raises(ValueError, match='needs the objects of the images: set annotations'):
            SizeBiased().apply(PUBLISHED)
        with pytest.raises(FileNotFoundError, match='SizeBiased needs COCO'):
            SizeBiased(annotations='nowhere.json').apply(PUBLISHED)
        content = json.loads((tmp_path / 'instances.json').read_text())
        content['annotations'] = content['annotations'][1:]
        (tmp_path / 'less.json').write_text(json.dumps(content))
        with pytest.raises(
            ValueError, match=r"got no '\w' in '0\.jpg' of .*less\.json; expected an"
        ):
            SizeBiased(annotations=str(tmp_path / 'less.json')).apply(PUBLISHED)
        assert capsys.readouterr().out == ''  # pycocotools prints


class TestComposition:
    def test_protocols_are_applied_in_order(self):
        steps = build_protocols(['0.4left', 'RPS(share=0.5)', 'FalsePositives(share=0.01)'])
        table = PUBLISHED
        for step in steps:
            table = step.apply(table, 3)
        assert apply_protocols(PUBLISHED, steps, 3) == table
        traced = list(trace_protocols(PUBLISHED, steps, 3))
        assert [step.protocol for step in traced] == list(steps)
        assert traced[-1].table == table
        assert traced[1].expected == steps[1].expected(traced[0].table)

    def test_equal_protocols_draw_independently(self):
        steps = [Bernoulli(0.5)] * 3
        counts = [step.table.counts().present.sum() for step in trace_protocols(PUBLISHED, steps)]
        total = PUBLISHED.counts().present.sum()
        assert counts == pytest.approx([total / 2, total / 4, total / 8], rel=0.15)

    @pytest.mark.parametrize('seed', [None, 0.5, True])
    @pytest.mark.parametrize('protocol', PROTOCOL.values(), ids=PROTOCOL)
    def test_seeds_are_integers(self, protocol, seed):
        with pytest.raises(ValueError, match='seed to be an integer'):
            protocol.apply(PUBLISHED, seed)
        with pytest.raises(ValueError, match='seed to be an integer'):
            apply_protocols(PUBLISHED, [protocol], seed)


class TestSpecifications:
    @pytest.mark.parametrize(
        ('spec', 'expected'),
        [
            ('0.4left', [PaperRule('0.4left')]),
            ({'type': 'RPS', 'share': 0.5}, [RPS(0.5)]),
            ({'type': 'mmpretrain_mlml.RPS', 'share': 0.5}, [RPS(0.5)]),
            ('RPS(share=0.5)', [RPS(0.5)]),
            ('Unobserved', [Unobserved()]),
            (Bernoulli(0.1), [Bernoulli(0.1)]),
            (
                ['single', [Unobserved(), 'RPS(share=0)']],
                [PaperRule('single'), Unobserved(), RPS(0)],
            ),
            ([], []),
        ],
        ids=str,
    )
    def test_forms(self, spec, expected):
        assert list(build_protocols(spec)) == expected

    def test_text_is_read_back(self):
        spec = ['0.4left', SizeBiased('single', 2.0), FixedPerClass(3, 4), Unobserved()]
        text = describe_protocols(spec)
        assert text.startswith("0.4left, SizeBiased(rule='single', size=2.0), FixedPerClass(pos")
        assert build_protocols([str(protocol) for protocol in build_protocols(spec)]) == (
            build_protocols(spec)
        )

    @pytest.mark.parametrize(
        ('spec', 'message'),
        [
            ('0.5left', "unknown protocol '0.5left'; expected one of .*did you mean '0.75left'"),
            ('Bernouli(keep=1)', "did you mean 'Bernoulli'"),
            ('Bernoulli(0.4)', 'unknown protocol'),
            ('__import__("os")', 'unknown protocol'),
            ('os.system(a=1)', 'unknown protocol'),
            ({'share': 1}, "unknown protocol 'None'"),
            ('Bernoulli', 'Bernoulli expects keep to be given; it takes keep'),
            ('RPS(keep=1)', "RPS has no argument 'keep'; it takes share"),
            ('RPS(share=1.5)', r'share of entries in \[0, 1\]'),
            ('FixedPerClass(positives=-1)', 'positives to be an integer >= 0'),
            ("SizeBiased(size='big')", "size to be a number, got 'big'"),
            (7, 'protocol by name, config or list, got 7'),
        ],
    )
    def test_what_is_wrong_is_named(self, spec, message):
        with pytest.raises(ValueError, match=message):
            build_protocols(spec)

    def test_annotations_are_relative_to_a_folder(self):
        (protocol,) = build_protocols({'type': 'SizeBiased', 'annotations': 'a.json'}, 'data')
        assert protocol.annotations == 'data/a.json'
        (protocol,) = build_protocols({'type': 'SizeBiased', 'annotations': '/a.json'}, 'data')
        assert protocol.annotations == '/a.json'


def test_on_the_released_full_list(shared):
    full = read_label_list(shared / 'coco_labels/coco_train_full.txt', 80)
    table = LabelTable.from_positives(full.names, full.labels, COCO_CLASSES, fill=0)
    for name, labels in (('0.75left', 181_422), ('0.4left', 96_251), ('single', 82_081)):
        assert PaperRule(name).expected(table).present == labels


def test_labels_are_dropped_without_counting_what_is_expected(monkeypatch):
    """On ten million images that would take longer than opening the table."""
    table = LabelTable.from_positives(['a.jpg', 'b.jpg'], [[0, 1], [1]], ['x', 'y'])
    monkeypatch.setattr(PaperRule, 'expected', None)
    assert apply_protocols(table, build_protocols('full')) is table
    assert apply_protocols(table, build_protocols('single')).labels_per_image().tolist() == [1, 1]
