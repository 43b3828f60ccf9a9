"""flask reports: documents from the command line."""

from pathlib import Path
from typing import Final, cast
from uuid import UUID

import click
from flask import current_app
from flask.cli import AppGroup

from app.cli.terminal import named_actor, now, refusals
from app.config import Settings
from app.db.session import reading, transaction
from app.inspections.commands.steps import journal_subject
from app.jobs.bundles import write_archive
from app.jobs.documents import keep_inspection_pdf
from app.journal.commands import record_access
from app.journal.rules import Subject, SubjectType
from app.kernel.errors import NotNow
from app.kernel.ids import CampaignId, InspectionId
from app.reports.queries.requests import documents_page
from app.reports.rules.requests import BundleKind

reports = AppGroup("reports", help="書類を取り出す")


@reports.command("inspection", help="確定した点検票の結果をPDFで取り出す")
@click.argument("inspection_id", type=click.UUID)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="書き出すファイル"
)
@click.option("--by", "staff_no", required=True, help="取り出す職員の職員番号")
@click.option("--revision", type=int, default=None, help="点検票の版（指定しなければ、いまの版）")
def inspection_command(inspection_id: UUID, output: Path, staff_no: str, revision: int | None) -> None:
    """Write the PDF of a sealed sheet to a file; an existing file is never overwritten. Taking it out is recorded as a read."""
    with refusals():
        with reading() as session:
            actor = named_actor(session, staff_no=staff_no)
        content = keep_inspection_pdf(
            actor=actor,
            inspection_id=InspectionId(inspection_id),
            number=revision,
            settings=cast("Settings", current_app.extensions["settings"]),
            now=now(),
        )
        with transaction() as session:
            record_access(
                session,
                person_id=str(actor.person_id),
                subject=journal_subject(InspectionId(inspection_id)),
                act="document.read",
                now=now(),
            )
        try:
            with output.open("xb") as file:
                file.write(content)
        except FileExistsError:
            click.echo(f"{output} はもうあります。別の名前にしてください。", err=True)
            raise SystemExit(1) from None
    click.echo(f"{output} に書き出しました（{len(content):,}バイト）。")


@reports.command("make", help="点検実施の、確定した点検票の書類をまとめてZIPに取り出す")
@click.option(
    "--campaign", "campaign_id", required=True, type=click.UUID, help="点検実施のID（ページのアドレスにある）"
)
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in BundleKind]),
    default=BundleKind.ALL.value,
    help="pdf・xlsx・all（両方）",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="書き出すファイル"
)
@click.option("--by", "staff_no", required=True, help="取り出す職員の職員番号")
def make_command(campaign_id: UUID, kind: str, output: Path, staff_no: str) -> None:
    """Write the documents of all sealed sheets to a file at once; an existing file is never overwritten."""
    settings = cast("Settings", current_app.extensions["settings"])
    with refusals():
        with reading() as session:
            actor = named_actor(session, staff_no=staff_no)
            page = documents_page(
                session, actor=actor, campaign_id=CampaignId(campaign_id), days=settings.documents_days
            )
        if not page.sealed:
            raise NotNow("確定した点検票が、まだありません。")
        with transaction() as session:
            record_access(
                session,
                person_id=str(actor.person_id),
                subject=Subject(type=SubjectType.CAMPAIGN, id=str(campaign_id)),
                act="campaign.documents-file",
                now=now(),
            )
        try:
            with output.open("xb") as file:
                documents = write_archive(
                    file,
                    campaign_id=page.campaign.id,
                    kind=BundleKind(kind),
                    reader=actor,
                    mark=actor.mark,
                    settings=settings,
                    now=now(),
                )
        except FileExistsError:
            click.echo(f"{output} はもうあります。別の名前にしてください。", err=True)
            raise SystemExit(1) from None
    click.echo(f"{output} に{documents}件の書類を書き出しました。")


COMMANDS: Final = (reports,)
