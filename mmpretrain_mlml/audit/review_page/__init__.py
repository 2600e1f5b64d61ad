"""The page on which a person decides about proposals: one file that needs no server and no network."""

from .building import write_review_pages

__all__ = ['write_review_pages']
