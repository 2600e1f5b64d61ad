"""Proposals for the review tools that people already have, and what was decided there.

One module a tool; each writes files that the tool imports and reads what it exports. An export always
carries the image names of the training set, whatever the tool makes of file names.
"""

from .writing import export_proposals

__all__ = ['export_proposals']
