"""A whole file as an answer."""

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from samspel.dialogues.protocol_files import Made

# A file that is not larger is sent as a page is; a larger one in parts of this size.
BLOCK_BYTES = 1 << 18


def as_download(made: Made, *, inline: bool = False) -> HttpResponseBase:
    """The file to save, or to read where it is. Its length is told: a browser knows when it has not got all of it."""
    response: HttpResponseBase
    if made.size_bytes <= BLOCK_BYTES:
        with made.file:
            response = HttpResponse(made.file.read(), content_type=made.content_type)
    else:
        response = FileResponse(made.file, content_type=made.content_type)
        response.block_size = BLOCK_BYTES
    disposition = content_disposition_header(not inline, made.name) or "inline"
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Length"] = str(made.size_bytes)
    return response
