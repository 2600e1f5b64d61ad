"""The text of a config is formatted once, as MMEngine formats it, and Ctrl-C stays Ctrl-C."""

import pytest
from mmengine.config import Config
from mmengine.config import config as module
from yapf.yapflib.yapf_api import FormatCode

from mmpretrain_mlml import config
from mmpretrain_mlml.repairs.config_text import format_a_config_once


@pytest.fixture
def formatted(monkeypatch):
    """The texts that yapf formatted."""
    texts = []

    def format_and_note(text, **options):
        texts.append(text)
        return FormatCode(text, **options)

    monkeypatch.setattr(module, 'FormatCode', format_and_note)
    return texts


def test_a_config_is_formatted_once_and_again_after_a_change(formatted):
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    expected = cfg.pretty_text
    format_a_config_once()
    formatted.clear()
    assert [cfg.pretty_text for _ in range(3)] == [expected] * 3
    assert len(formatted) == 1
    cfg.train_cfg.max_epochs += 1
    assert cfg.pretty_text != expected
    assert len(formatted) == 2
    assert Config.fromstring(cfg.pretty_text, '.py').to_dict() == cfg.to_dict()


@pytest.mark.parametrize(
    ('raised', 'seen'),
    [(KeyboardInterrupt, KeyboardInterrupt), (SystemExit, SystemExit), (ValueError, SyntaxError)],
)
def test_an_interrupt_is_none_of_the_syntax(raised, seen, monkeypatch):
    def interrupted(*_, **__):
        raise raised('here')

    monkeypatch.setattr(module, 'FormatCode', interrupted)
    with pytest.raises(seen):
        _ = Config({'a': 1}).pretty_text
