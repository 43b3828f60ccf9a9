"""PDF: that it is one from its first byte to its last. What a document can do in a viewer is not judged here.

Scripts and attachments of a PDF may lie in compressed objects; a search for their names would promise more than it holds. So a
PDF is only ever handed out as an attachment that no browser renders in our origin.
"""

import re
import zipfile
from typing import IO, Final

_HEADER: Final = re.compile(rb"%PDF-(1\.[0-7]|2\.0)[\r\n \t%]")
_END: Final = re.compile(rb"startxref[\r\n\t ]+[0-9]+[\r\n\t ]+%%EOF[\r\n\t \x00]*\Z")
_TAIL: Final = 4096
BROKEN: Final = (
    "PDFとして読めません。途中で切れているか、壊れています。作り直すか、もう一度保存してから付けてください。"
)
DOUBLE: Final = (
    "PDFと圧縮ファイルの両方として読めるため、付けられません。PDFを印刷や保存で作り直してください。"
)


def pdf_problem(stream: IO[bytes], size: int) -> str | None:
    """Return why a file is no PDF: header at the first byte, trailer at the last, nothing else at once."""
    stream.seek(0)
    if not _HEADER.match(stream.read(16)):
        return BROKEN
    stream.seek(max(0, size - _TAIL))
    if not _END.search(stream.read(_TAIL)):
        return BROKEN
    return DOUBLE if zipfile.is_zipfile(stream) else None
