"""Figures: images with predicted and true tags, training samples, losses and their recovery."""

from .contact_sheet import contact_sheet
from .error_gallery import write_error_gallery
from .pictures import Tag, draw_pictures, to_rgb

__all__ = ['Tag', 'contact_sheet', 'draw_pictures', 'to_rgb', 'write_error_gallery']
