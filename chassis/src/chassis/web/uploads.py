"""Uploaded files are held in memory: the framework would spool them to a disk, where they would lie plain."""

from __future__ import annotations

from litestar import _multipart
from litestar.datastructures import UploadFile

HELD_BYTES_MAX = 16 * 1024 * 1024
"""Only larger ones are spooled; what names a person on its face is smaller, and bounded so by its own route."""


class HeldUpload(UploadFile):
    """A file of a form, in memory."""

    __slots__ = ()

    def __init__(
        self,
        content_type: str,
        filename: str,
        file_data: bytes | None = None,
        headers: dict[str, str] | None = None,
        max_spool_size: int = HELD_BYTES_MAX,
    ) -> None:
        super().__init__(content_type, filename, file_data, headers, max_spool_size)


def hold_uploads() -> None:
    """Let every form be read so; the framework has no setting for it."""
    _multipart.UploadFile = HeldUpload  # type: ignore[attr-defined]
