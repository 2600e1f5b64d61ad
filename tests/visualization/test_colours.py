"""Colours of losses."""

from mmpretrain_mlml.visualization.colours import loss_colours


def test_colours_are_distinct_and_independent_of_other_losses():
    colours = loss_colours(['EM', 'Hill', 'GR', 'SPLC', 'EM'])
    assert len(set(colours.values())) == len(colours) == 4
    assert loss_colours(['SPLC', 'BCE'])['SPLC'] == colours['SPLC']
