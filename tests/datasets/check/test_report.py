"""Reports as tables and as JSON."""

import io
import json

from helpers.hostile_names import HOSTILE_NAMES, assert_harmless
from helpers.pictures import BAD
from rich.console import Console

from mmpretrain_mlml.datasets.check import Problem, as_json, problem_table, summary_table


def test_tables_and_json_are_complete(checked):
    report = checked.report
    console = Console(file=io.StringIO(), width=300)
    console.print(summary_table(report), problem_table(report.problems, most=3))
    shown = console.file.getvalue()
    assert 'the same as val' in shown
    assert 'more' in shown
    content = json.loads(json.dumps(as_json(report)))
    assert content['errors'] + content['warnings'] == len(content['problems'])
    assert content['errors'] == report.errors > len(BAD)
    kinds = [problem['severity'] for problem in content['problems']]
    assert kinds == sorted(kinds)


def test_names_are_data():
    problems = [Problem('error', 'label', 'train', n, n, n, 'another') for n in HOSTILE_NAMES]
    console = Console(file=io.StringIO(), width=100)
    console.print(problem_table(problems, most=99))
    assert_harmless(console.file.getvalue())
    for name in ('[/]', '[unknown]'):
        assert console.file.getvalue().count(name) >= 3
