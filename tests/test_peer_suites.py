"""The comparison of the peers' tests without and with the import."""

from peer_suites import Outcome, compare, masked, read, table

WITHOUT = {
    'a': Outcome('passed'),
    'b': Outcome('failed', 'ValueError: 0x7f at /one/x/y.pth after 1.2 s'),
    'c': Outcome('passed'),
    'd': Outcome('failed', 'ValueError'),
    'e': Outcome('failed', 'ValueError'),
    'f': Outcome('passed'),
}
WITH = {
    'a': Outcome('passed'),
    'b': Outcome('failed', 'ValueError: 0x81 at /other/z.pth after 3 s'),  # the same error
    'c': Outcome('skipped'),
    'd': Outcome('passed'),
    'e': Outcome('failed', 'TypeError'),
    'g': Outcome('passed'),
}


def test_what_differs_is_listed():
    part = compare(WITHOUT, WITH)
    assert [change['test'] for change in part['changed']] == ['c', 'd', 'e', 'f', 'g']
    assert [change['test'] for change in part['changed'] if masked(change)] == ['c', 'f']
    assert part['counts'] == {
        'without': {'failed': 3, 'passed': 3},
        'with': {'failed': 2, 'passed': 3, 'skipped': 1},
    }
    lines = table({'peer': part}).splitlines()
    assert '| peer | with | 6 | 3 | 1 | 2 |' in lines
    assert '| `peer/e` | failed: `ValueError` | failed: `TypeError` |' in lines
    assert '| `peer/f` | passed | not collected |' in lines


def test_the_last_outcome_of_a_test_counts(tmp_path):
    results = tmp_path / 'x.jsonl'
    assert read(results) == {}
    results.write_text('["a", "started"]\n["b", "started"]\n["a", "passed", ""]\n')
    assert read(results) == {'a': Outcome('passed'), 'b': Outcome('started')}
