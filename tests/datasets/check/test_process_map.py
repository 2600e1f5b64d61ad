"""A map over processes that tolerates crashes."""

from mmpretrain_mlml.datasets.check.process_map import process_map


def test_an_item_that_crashes_its_process_has_no_result():
    items = [f'{n} + 1' for n in range(40)]
    items[7] = '__import__("os")._exit(1)'
    results = dict(process_map(eval, items, workers=1))
    assert results == {n: None if n == 7 else n + 1 for n in range(40)}
