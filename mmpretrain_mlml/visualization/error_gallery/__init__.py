"""The page of errors: one file that needs no server and no network."""

from .building import write_error_gallery

__all__ = ['write_error_gallery']
