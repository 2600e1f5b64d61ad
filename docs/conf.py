"""Settings of the documentation: `make docs` builds it from the repository alone, offline."""

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / 'extensions')]
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')

from mmpretrain_mlml.version import __version__  # noqa: E402

project = 'mmpretrain_mlml'
author = 'the mmpretrain_mlml authors'
project_copyright = author
release = version = __version__

extensions = [
    'myst_parser',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.napoleon',
    'sphinx_copybutton',
    'mathml',  # extensions/mathml.py: formulas without MathJax, which would be remote
    'public_names',  # extensions/public_names.py: the reference of every public name
    'rooms',  # extensions/rooms.py: the picture of the package
    'offline',  # extensions/offline.py: no page loads anything from elsewhere
]
source_suffix = {'.md': 'markdown'}
exclude_patterns = ['results/*']
nitpicky = True
# What other projects own has no page here, and their indices are not fetched.
nitpick_ignore_regex = [
    (r'py:.*', r'(mmengine|mmpretrain|mmcv|torch|numpy|np|nn|collections|pathlib|os|argparse)\b.*'),
    (r'py:.*', r'(PIL|matplotlib|rich|typing|json|subprocess|joblib|abc)\b.*'),
]

myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 3

autosummary_generate = False
autodoc_inherit_docstrings = False
autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False
toc_object_entries_show_parents = 'hide'
python_use_unqualified_type_names = True

html_math_renderer = 'mathml'
html_theme = 'sphinx_book_theme'
html_title = f'mmpretrain_mlml {release}'
html_static_path = ['_static']
html_css_files = ['custom.css']
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    'show_toc_level': 2,
    'home_page_in_toc': True,
    'navbar_persistent': [],
    'use_download_button': False,
    'use_fullscreen_button': False,
}
copybutton_exclude = '.linenos, .gp, .go'
