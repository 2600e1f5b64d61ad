from mmengine.config import Config

from mmpretrain_mlml.project.code_text import WIDTH, Variable, as_code


def test_code_is_read_as_the_same_value(tmp_path):
    value = {
        'type': 'ResNet',
        'out': (3,),
        'scales': [(1.0, 2), [], {}],
        'odd keys': {'a-b': 1, 'class': None, 3: True},
        'long': [{'type': 'x' * 30, 'number': number} for number in range(9)],
        'quotes': 'it\'s "so"\n\\ {{ fileDirname }} {{$HOME:x}} ü',
    }
    code = as_code(value, used=8)
    assert max(map(len, code.splitlines())) <= WIDTH
    path = tmp_path / 'config.py'
    path.write_text(f'value = {code}\n', encoding='utf-8')
    assert Config.fromfile(path).value.to_dict() == value


def test_a_variable_stands_by_its_name():
    code = as_code({'scale': (Variable('image_size'),) * 2})
    assert code == 'dict(scale=(image_size, image_size))'
