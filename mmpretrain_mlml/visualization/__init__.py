"""Pictures with their tags: predictions beside the truth, and what training sees and is told."""

from .contact_sheet import contact_sheet
from .pictures import Tag, draw_pictures, to_rgb

__all__ = ['Tag', 'contact_sheet', 'draw_pictures', 'to_rgb']
