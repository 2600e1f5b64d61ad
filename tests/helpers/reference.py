"""Numbers computed by released codes, in float64."""

import json

from . import ROOT

FAMILY_VALUES = json.loads((ROOT / 'tests/reference/family_values.json').read_text())
