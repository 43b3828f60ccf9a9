"""The kept files: whether each is there, as it was kept."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from app.evidence.commands.store import is_whole, path_of
from app.evidence.queries import kept_files
from app.health.rules import Check, Depth, bad, good

SAMPLE: Final = 20
"""Files that are read whole each time: the newest ones."""


def evidence_check(session: Session, *, folder: Path, depth: Depth) -> Check:
    """Return whether every file of evidence is there; the newest, or all of them, are read and compared."""
    named = kept_files(session)
    compared = named if depth is Depth.FULL else named[:SAMPLE]
    rest = named[len(compared) :]
    broken = [*_damaged(compared, folder=folder), *_missing(rest, folder=folder)]
    if broken:
        return bad(
            f"証跡のファイル {len(broken)} 件が、ないか書き換えられています（最初は {broken[0][:16]}…）。",
            remedy="flask backup restore で別の場所に戻した控えから、同じ名前のファイルを文書のフォルダに写してください。",
        )
    if not named:
        return good("証跡のファイルは、まだありません。")
    more = "" if depth is Depth.FULL else "（全件の照合は flask doctor --full）"
    return good(f"証跡のファイル {len(named)} 件がそろい、{len(compared)} 件を照合しました{more}。")


def _damaged(digests: Iterable[str], *, folder: Path) -> list[str]:
    return [digest for digest in digests if not is_whole(digest, folder=folder)]


def _missing(digests: Iterable[str], *, folder: Path) -> list[str]:
    return [digest for digest in digests if not path_of(digest, folder=folder).is_file()]
