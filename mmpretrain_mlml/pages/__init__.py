"""What pages in a single HTML file share: small pictures, the style, and how a page is filled.

A page of this kind needs no server, no network and no build step. The review of proposals
(:mod:`mmpretrain_mlml.audit.review_page`) and the gallery of errors
(:mod:`mmpretrain_mlml.visualization.error_gallery`) are such pages. They take

- :class:`Thumbnails`: a small JPEG of each image, made once, inside the page or in files beside it;
- :func:`fill_page`: a template with its data, its script and its style, and a policy that lets the
  browser run nothing else, so that names of images and classes can do no harm;
- :func:`page_series`: names, headings and links of several pages;
- ``base.css``: colours for dark and light, buttons, tiles and dialogs.
"""

from .filling import fill_page, relative_url
from .series import SeriesPage, page_series
from .thumbnails import FileOf, OpenImage, Thumbnails, thumbnail

__all__ = [
    'FileOf',
    'OpenImage',
    'SeriesPage',
    'Thumbnails',
    'fill_page',
    'page_series',
    'relative_url',
    'thumbnail',
]
