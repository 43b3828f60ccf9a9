"""The settings, the folders, the disk and the fonts of this machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.config import Settings
from app.health.rules import Check, bad, good, warning

SHORTEST_SECRET: Final = 32
LOW_SPACE: Final = 1024**3
LOW_SHARE: Final = 10
"""Percent."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def checks(settings: Settings) -> Iterator[Check]:
    """Yield the checks that need no database."""
    yield _secret(settings)
    yield _https(settings)
    yield _evidence(settings.evidence_path)
    yield _space(settings.instance_path)
    yield _fonts()


def _secret(settings: Settings) -> Check:
    path = settings.instance_path / "secret-key"
    secret = settings.secret()
    if len(secret.strip()) < SHORTEST_SECRET:
        return bad(
            f"署名の鍵が短すぎます（{SHORTEST_SECRET}文字以上が必要です）。",
            remedy="SELF_INSPECTION_SECRET_KEY を消してください。次に動かすときに、長い鍵を自動で作ります。",
        )
    if not settings.secret_key and path.stat().st_mode & 0o077:
        return bad(
            f"署名の鍵 {path} を、ほかの利用者が読めます。",
            remedy=f"chmod 600 {path} を実行してください。",
        )
    return good("署名の鍵があります。")


def _https(settings: Settings) -> Check:
    if settings.https:
        return good("暗号化された通信（HTTPS）で使う設定です。")
    if settings.host in LOOPBACK:
        kind = "デモ" if settings.demo else "このコンピュータだけ"
        return good(f"{kind}で使う設定です（http://{settings.host}:{settings.port}/）。")
    return bad(
        "庁内から暗号化なしで使える設定です。パスワードが盗み見られるおそれがあります。",
        remedy=(
            "HTTPS の中継を前に置き、SELF_INSPECTION_HTTPS=1 と "
            "SELF_INSPECTION_TRUSTED_PROXIES=1 を設定してください。"
        ),
    )


def _evidence(folder: Path) -> Check:
    place = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return good("確定した文書を置くフォルダに書き込めます。")
    except OSError as error:
        return bad(
            f"文書を置くフォルダ {folder} に書き込めません（{os.strerror(error.errno or 0)}）。",
            remedy="フォルダの持ち主と権限を、このシステムを動かす利用者に合わせてください。",
        )


def privacy(database: Path) -> Check:
    """Return whether other accounts of this machine are kept away from the embedded database."""
    open_to_others = database.stat().st_mode & 0o007 and database.parent.stat().st_mode & 0o007
    if not open_to_others:
        return good("データベースのファイルを、ほかの利用者は読めません。")
    return warning(
        f"データベースのファイル {database} を、このコンピュータのほかの利用者が読めます。",
        remedy=f"chmod 700 {database.parent} を実行してください。",
    )


def _space(folder: Path) -> Check:
    usage = shutil.disk_usage(_existing(folder))
    share = usage.free * 100 // max(usage.total, 1)
    sentence = f"ディスクの空きは {usage.free / 1024**3:.1f} GB（{share}%）です。"
    if usage.free < LOW_SPACE or share < LOW_SHARE:
        return warning(
            sentence, remedy="1 GB と 10% の両方を超えるまで、古いバックアップなどを移して空けてください。"
        )
    return good(sentence)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there already."""
    return next(place for place in (folder, *folder.resolve().parents) if place.is_dir())


def _fonts() -> Check:
    # Here, because a server that starts has no use for the fonts yet.
    from app.reports.pdf.fonts import font_book  # noqa: PLC0415

    try:
        font_book()
    except (OSError, ValueError, RuntimeError):
        broken = True
    else:
        broken = False
    if broken:
        return bad(
            "文書に使う書体を読み取れません。",
            remedy="app/reports/pdf/fonts を、配布されたものに戻してください。",
        )
    return good("文書に使う書体がそろっています。")
