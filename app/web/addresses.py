"""What stands in an address: refused when no page of ours could have made it."""

import re
from typing import Final

from flask import request

from app.kernel.errors import NotFound
from app.kernel.text import has_control_character

_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")


def refuse_odd_address() -> None:
    """Refuse control characters in the path or the query, for all routes at once.

    Basis: PostgreSQL takes no NUL in any text, so the question alone would be a fault.

    Raises:
        NotFound: there is such a character.
    """
    query = (text for pair in request.args.items(multi=True) for text in pair)
    if any(has_control_character(text) for text in (request.path, *query)):
        raise NotFound


def numbered(name: str) -> int | None:
    """Return the number of one thing that the query asks for; None when it does not ask.

    Raises:
        NotFound: it is no number that anything of ours has.
    """
    typed = request.args.get(name)
    if typed is None:
        return None
    if not _NUMBER.fullmatch(typed):
        raise NotFound
    return int(typed)
