"""A city with something on every page, and who opens which of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update

from app.checklists.commands import import_edition
from app.checklists.files import read_edition
from app.checklists.rules import Question
from app.evidence.models import Evidence
from app.evidence.rules import Description
from app.inspections.commands.campaign import CampaignDraft, open_campaign, prepare_campaign
from app.inspections.commands.disposal import prepare_disposal
from app.inspections.commands.evidence import attach_reference
from app.inspections.commands.extension import grant_extension, request_extension
from app.inspections.commands.next_year import prepare_next_year
from app.inspections.commands.questions import ask
from app.inspections.commands.review_bulk import ItemVerdict, judge_item
from app.inspections.commands.review_templates import TemplateDraft, add_template
from app.inspections.commands.special import SpecialDraft, prepare_special
from app.inspections.models import Answer, ReviewBatch
from app.inspections.rules import CampaignKind, Judgement, State
from app.inspections.rules.templates import TemplateKind
from app.kernel.ids import CampaignId, SystemId, new_id
from app.notices.models import MailDigest
from app.notices.rules import MailState
from app.organisation.rules import EndingUnit, Origin, Takeover
from app.people.commands.inventory import confirm_accounts
from app.people.models import Account, SecondFactorRecovery
from app.people.rules import contractor_term
from app.people.rules.inventory import Decision, LineAnswer
from tests.factories.editions import further_editions, successor_yaml
from tests.factories.inspections import DATES, Year
from tests.factories.inventory import account_of, running_inventory
from tests.factories.reorganisation import Changes, a_unit, changed, prepared, tree_rows
from tests.factories.systems import registered
from tests.people import (
    AFFAIRS,
    BRANCH,
    CITIZENS,
    COUNTER,
    FUJIMOTO,
    ITO,
    KIMURA,
    LEAD,
    NAKAMURA,
    OGAWA,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WATANABE,
    YAMADA,
    YAMAMOTO,
    YOSHIDA,
    Cast,
    Place,
)

DRAFT: Final = "/checklists/department/editions/2027.1"
LINEAGES: Final = {
    "D01": "{kind: reworded, of: D01, comparable: false, note: 広げた。}",
    "D10": "{kind: split, of: D02, comparable: false, note: 半分。}",
    "D11": "{kind: split, of: D02, comparable: false, note: 残り。}",
    "D12": "{kind: merged, of: [D07, D08], comparable: true, note: 合わせた。}",
    "D13": "{kind: new}",
    "D09": "{kind: same, of: D09}",
}


def draft_of_next_year(year: Year) -> None:
    """Import the next edition, so that there is something to compare."""
    data = successor_yaml(LINEAGES, retired={"D03": "制度がなくなった。"})
    data = data.replace("D01のことを今年度に行った。".encode(), "D01のことを前年度に行った。".encode())
    draft = read_edition(data, name="department/2027.1.yaml")
    with year.database.transaction() as session:
        import_edition(session, actor=year.actor(TANAKA), draft=draft, now=year.now)


def sheet(year: Year, place: Place) -> str:
    """Return the path of a unit's sheet."""
    return f"/inspections/{year.sheets[place.code]}"


_OF_ONE: Final = ("alter", "split", "abolish", "task")
NOWHERE: Final = "/no-such-page"
NO_PAGES: Final = frozenset(
    {
        # Files.
        "checklists.edition_file",
        "evidence.evidence_file",
        "organisation.reorganisation_tree",
        "inspections.progress_file",
        "people.inventory_list_file",
        "reminders.letters_file",
        "reminders.reminder_list_csv",
        "reports.board_document",
        "reports.documents_archive",
        "reports.inspection_report",
        "reports.inspection_workbook_file",
        "reports.progress_workbook",
        "reports.reminder_workbook",
        "reports.results_workbook",
        "static_file",
        "systems.ledger",
        # Answers to a script, and an address that leads on.
        "inspections.answer_before",
        "inspections.editors",
        "inspections.evidence_before",
        "inspections.go_on",
        "people.session_state",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """What the pages of a furnished city are about."""

    drafts: tuple[CampaignId, CampaignId]
    trial: CampaignId
    system: SystemId
    evidence: UUID
    template: UUID
    batch: UUID
    mail: UUID
    reorganisation: UUID
    inventory: UUID
    recovery: UUID


def furnished(year: Year) -> Furnished:
    """Bring the sheets to different states, and put something on every page."""
    batch = _reviewed_with_a_batch(year)
    year.bring(LEAD, to=State.SIGNED_OFF)
    _publish_further_checklists(year)
    draft_of_next_year(year)
    _ask_for_time(year)
    _ask_a_question(year)
    with year.database.transaction() as session:
        system = registered(session, actor=year.actor(TANAKA), code="S-1", now=year.now)
        draft = TemplateDraft(title="記録", text="記録の場所を書いてください。", kind=TemplateKind.REMARK)
        template = add_template(session, actor=year.actor(TANAKA), draft=draft, now=year.now)
    return Furnished(
        drafts=prepared_drafts(year),
        trial=_trial_to_discard(year),
        system=system,
        evidence=_evidence(year),
        template=template,
        batch=batch,
        mail=_mail_that_failed(year),
        reorganisation=_reorganisation(year),
        inventory=_inventory(year),
        recovery=_recovery(year),
    )


def prepared_drafts(year: Year) -> tuple[CampaignId, CampaignId]:
    """Prepare next year's campaign, and a 臨時点検 with its questions."""
    special = SpecialDraft(
        name="USBメモリの取扱い",
        reason="他市で紛失がありました。",
        questions=tuple(Question(statement=f"{number}つめのことをした。") for number in range(1, 5)),
        answer_due=date(2026, 11, 24),
        unit_ids=frozenset({AFFAIRS.id, BRANCH.id}),
    )
    actor = year.actor(TANAKA)
    with year.database.transaction() as session:
        following = prepare_next_year(session, actor=actor, campaign_id=year.campaign_id, now=year.now)
        return following.campaign_id, prepare_special(session, actor=actor, draft=special, now=year.now)


def _ask_a_question(year: Year) -> None:
    with year.database.transaction() as session:
        ask(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            text="どの台帳のことですか。",
            now=year.now,
        )


def _evidence(year: Year) -> UUID:
    with year.database.transaction() as session:
        attach_reference(
            session,
            actor=year.actor(SATO),
            inspection_id=year.sheets[AFFAIRS.code],
            item_id=year.item_id("D02"),
            description=Description(
                title="台帳の更新記録", stands_for=date(2026, 11, 1), document_number="令8情セ第1号"
            ),
            now=year.now,
        )
        return session.scalars(select(Evidence.id)).one()


def _reviewed_with_a_batch(year: Year) -> UUID:
    """A reviewed sheet; one item of it was judged from the table across the units."""
    year.bring(COUNTER, to=State.SUBMITTED)
    item, sheet_id = year.item_id("D02"), year.sheets[COUNTER.code]
    verdict = ItemVerdict(item_id=item, judgement=Judgement.ACCEPTED, remark="", return_due=None)
    with year.database.transaction() as session:
        seen = session.scalars(select(Answer.version).where(Answer.item_id == item)).one()
        judge_item(
            session,
            actor=year.actor(TANAKA),
            campaign_id=year.campaign_id,
            verdict=verdict,
            seen={sheet_id: seen},
            now=year.now,
        )
    year.judge(COUNTER)
    year.finish_review(COUNTER)
    with year.database.reading() as session:
        return session.scalars(select(ReviewBatch.id)).one()


def _trial_to_discard(year: Year) -> CampaignId:
    """A trial that was opened, and whose disposal waits for a second person."""
    draft = CampaignDraft(
        title="操作の練習",
        kind=CampaignKind.TRIAL,
        fiscal_year=2026,
        edition_id=year.edition_id,
        dates=DATES,
        notice="",
        unit_ids=frozenset({AFFAIRS.id}),
    )
    prepares, opens = year.actor(TANAKA), year.actor(KIMURA)
    with year.database.transaction() as session:
        trial = prepare_campaign(session, actor=prepares, draft=draft, now=year.now)
        open_campaign(session, actor=opens, campaign_id=trial, seen_version=1, now=year.now)
        prepare_disposal(
            session, actor=prepares, campaign_id=trial, reason="練習が終わったため。", now=year.now
        )
    return trial


def _inventory(year: Year) -> UUID:
    """A round of the account inventory, with somebody kept, somebody stopped, and a contractor."""
    with year.database.transaction() as session:
        term = contractor_term(year.now.date() + timedelta(days=20), today=year.now.date())
        session.execute(
            update(Account)
            .where(Account.person_id == YAMAMOTO.id)
            .values(kind=term.kind.value, expires_on=term.expires_on)
        )
    about = running_inventory(year.database, now=year.now)
    answers = [
        LineAnswer(
            account_id=account_of(year.database, cast),
            decision=decision,
            reason=reason,
            seen_version=1,
        )
        for cast, decision, reason in (
            (WATANABE, Decision.KEEP, ""),
            (FUJIMOTO, Decision.KEEP, "兼務の間、使う"),
        )
    ]
    with year.database.transaction() as session:
        confirm_accounts(session, actor=year.actor(OGAWA), round_id=about, answers=answers, now=year.now)
    return about


def _mail_that_failed(year: Year) -> UUID:
    made = new_id()
    with year.database.transaction() as session:
        session.execute(
            insert(MailDigest).values(
                id=made,
                person_id=SATO.id,
                day=year.now.date(),
                state=MailState.UNCERTAIN.value,
                tries=1,
                claimed_at=year.now,
                settled_at=year.now,
            )
        )
    return made


def _recovery(year: Year) -> UUID:
    """A removal of 佐藤's second factor that waits for the second person."""
    made = new_id()
    with year.database.transaction() as session:
        session.execute(
            insert(SecondFactorRecovery).values(
                id=made,
                person_id=SATO.id,
                reason="端末をなくしたため",
                salt="0" * 32,
                requested_by=NAKAMURA.id,
                requested_at=year.now,
            )
        )
    return made


def _ask_for_time(year: Year) -> None:
    """A request that waits, and one that was granted."""
    until = DATES.review_due - timedelta(days=7)
    with year.database.transaction() as session:
        for place, cast in ((AFFAIRS, SATO), (BRANCH, YOSHIDA)):
            request_extension(
                session,
                actor=year.actor(cast),
                inspection_id=year.sheets[place.code],
                until=until,
                reason="窓口の移転と重なったため",
                now=year.now,
            )
        granted = year.sheets[BRANCH.code]
        grant_extension(session, actor=year.actor(TANAKA), inspection_id=granted, until=until, now=year.now)


def _publish_further_checklists(year: Year) -> None:
    publisher, confirmer = year.actor(TANAKA), year.actor(KIMURA)
    with year.database.transaction() as session:
        further_editions(session, publisher=publisher, confirmer=confirmer, now=year.now)


def _reorganisation(year: Year) -> UUID:
    """Prepare a reorganisation that splits a unit with open work and abolishes another."""
    origin = Origin(code=COUNTER.code, subject="戸籍に関する事務")
    tree = changed(
        tree_rows(year.database),
        Changes(
            without=frozenset({COUNTER.code, BRANCH.code}),
            new=(
                a_unit(
                    "3110",
                    "窓口課",
                    parent="3000",
                    origins=(Origin(code=COUNTER.code, takeover=Takeover.REST),),
                ),
                a_unit("3120", "戸籍課", parent="3000", origins=(origin,)),
            ),
            ending=(EndingUnit(row=0, code=BRANCH.code, handed_to="3110"),),
        ),
    )
    return prepared(year.database, actor=year.actor(TANAKA), tree=tree)


def walks(year: Year, *, found: Furnished) -> Iterator[tuple[Cast | None, list[str]]]:
    """Yield who opens which pages."""
    affairs, counter, lead, branch = (sheet(year, place) for place in (AFFAIRS, COUNTER, LEAD, BRANCH))
    item, drafts = year.item_id("D02"), found.drafts
    campaign = f"/campaigns/{year.campaign_id}"
    yield None, ["/login", "/login/code", "/help", "/help/accessibility", "/help/keys", NOWHERE]
    yield (
        SATO,
        [
            "/",
            "/inspections",
            affairs,
            f"{affairs}/profile",
            f"{affairs}/sections/organisation",
            f"{affairs}/check",
            f"{affairs}/history",
            f"{affairs}/items/{item}/history",
            f"{affairs}/all",
            f"{affairs}/score",
            f"{affairs}/evidence",
            f"{affairs}/items/{item}/evidence",
            f"/units/{AFFAIRS.id}/evidence",
            f"{affairs}/approval",
            f"{affairs}/extension",
            f"{affairs}/assignments",
            f"{affairs}/items/{item}/question",
            f"/evidence/{found.evidence}",
            "/systems",
            f"/systems/{found.system}",
            f"{campaign}/board/units/{AFFAIRS.id}",
            "/organisation",
            "/organisation?on=2027-04-01",
            "/organisation?on=yesterday",
            "/organisation/search",
            "/organisation/search?q=%E3%81%8B",
            f"/units/{AFFAIRS.id}",
            f"/units/{CITIZENS.id}?on=2027-04-01",
            f"/units/{LEAD.id}?on=2019-04-01",
            f"/people/{SATO.id}",
            f"/people/{OGAWA.id}",
            "/me/sessions",
            "/me/second-factor",
            "/me/second-factor/remove",
            "/me/mail",
            "/notices",
            "/password",
            "/me/settings",
            "/checklists",
            "/checklists/department/editions/2026.1",
            "/checklists/person/editions/2026.1",
            "/checklists/person/editions/2026.1?form=short",
            "/checklists/person/editions/2026.1/paper?form=short",
            "/checklists/system/editions/2026.1",
            counter,
        ],
    )
    lines = f"/account-inventory/{found.inventory}/lines"
    yield SUZUKI, ["/", "/notices", affairs, f"{affairs}/approval", f"/units/{AFFAIRS.id}/duties", lines]
    yield (
        SUZUKI,
        [
            "/",
            "/notices",
            affairs,
            f"{affairs}/approval",
            f"/units/{AFFAIRS.id}/duties",
            f"/second-factor-recoveries/{found.recovery}",
        ],
    )
    yield TAKAHASHI, ["/", f"{counter}/sections/assets"]
    yield YAMADA, ["/", f"{counter}/approval"]
    yield YOSHIDA, ["/", f"{branch}/profile", f"{branch}/sections/organisation"]
    yield (
        TANAKA,
        [
            "/",
            "/reviews",
            "/reviews?lane=alert",
            "/reviews/rules",
            "/reviews/templates",
            f"/reviews/templates/{found.template}",
            f"/reviews/batches/{found.batch}",
            "/questions",
            f"{affairs}/items/{item}/question",
            "/systems",
            "/reorganisations",
            "/reorganisations/new",
            f"/reorganisations/{found.reorganisation}",
            *(
                f"/reorganisations/{found.reorganisation}/{kind}"
                for kind in ("create", "merge", *(f"{one}?unit={AFFAIRS.code}" for one in _OF_ONE))
            ),
            "/systems/new",
            "/systems/import",
            f"/systems/{found.system}",
            "/extensions",
            f"{affairs}/extension",
            f"{branch}/extension",
            f"{campaign}/review-lane",
            f"{campaign}/items/D08",
            f"{affairs}/review",
            f"{affairs}/review/plain",
            "/campaigns",
            campaign,
            f"{campaign}/documents",
            f"{campaign}/notice",
            f"{campaign}/board",
            f"{campaign}/board?score=reviewed&order=units",
            f"{campaign}/board/items",
            f"{campaign}/board/change",
            f"{campaign}/board/units/{COUNTER.id}",
            "/campaigns/new",
            "/campaigns/special/new",
            *(f"/campaigns/{draft}" for draft in drafts),
            f"/campaigns/{drafts[0]}/edit",
            f"/campaigns/{drafts[1]}/special",
            f"/campaigns/{found.trial}/disposal",
            "/checklists",
            DRAFT,
            f"{DRAFT}/diff/2026.1",
            f"{campaign}/reminders",
            f"{campaign}/reminders/log",
            f"{campaign}/letters",
            f"{campaign}/letters?kind=notice",
            "/calendar",
        ],
    )
    own = f"/campaigns/{drafts[1]}"
    disposal = f"/campaigns/{found.trial}/disposal"
    yield (
        KIMURA,
        ["/", f"{counter}/sign-off", f"{lead}/reopening", campaign, own, disposal, f"{affairs}/ending"],
    )
    yield FUJIMOTO, ["/", "/reviews", f"{lead}/review"]
    yield OGAWA, ["/", f"{lead}/reopening", lines]
    yield ITO, ["/", "/inspections", f"{affairs}/history", f"{lead}/all", "/access-log"]
    yield WATANABE, ["/", campaign]
    yield (
        NAKAMURA,
        [
            "/installation",
            "/jobs",
            f"/jobs/mails/{found.mail}/resend",
            "/accounts",
            f"/accounts/{SATO.id}",
            f"/accounts/{YAMAMOTO.id}",
            "/account-inventory",
            f"/account-inventory/{found.inventory}",
            *(
                f"/account-inventory/lists?kind={kind}"
                for kind in ("no-post", "unused", "conflicts", "ending")
            ),
            affairs,
        ],
    )
