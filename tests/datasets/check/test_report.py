"""Reports as tables and as JSON."""

import io
import json

from helpers.pictures import BAD
from rich.console import Console

from mmpretrain_mlml.datasets.check import as_json, problem_table, summary_table


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
