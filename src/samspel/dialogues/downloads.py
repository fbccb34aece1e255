"""A whole file as an answer."""

from django.http import FileResponse

from samspel.dialogues.protocol_files import Made

# Large enough that most files leave the thread that answers at once, however slow the line is.
BLOCK_BYTES = 1 << 18


def as_download(made: Made, *, inline: bool = False) -> FileResponse:
    """The file to save, or to read where it is. Its length is told: a browser knows when it has not got all of it."""
    response = FileResponse(made.file, as_attachment=not inline, filename=made.name, content_type=made.content_type)
    response.block_size = BLOCK_BYTES
    response.headers["Content-Length"] = str(made.size_bytes)
    response.headers["Cache-Control"] = "private, no-store"
    return response
