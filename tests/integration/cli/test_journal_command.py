"""flask journal: what is altered is found and named, also against a seal that left the machine."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.cli.journal import journal
from app.db.guards import install, remove
from app.db.registry import GUARDS
from app.db.session import bound, transaction
from app.journal.commands import record, seal
from app.journal.rules import ActorMark, Subject, SubjectType, Via
from app.kernel.digest import GENESIS, link
from tests.people import STORY

MARK = ActorMark(person_id=None, via=Via.CLI, operator="operator")
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run `flask journal …`; three chains with two entries each and one seal are there."""
    with transaction() as session:
        for number in range(3):
            for event in ("thing.made", "thing.changed"):
                record(
                    session, subject=subject(number), event=event, actor=MARK, now=STORY, facts={"n": number}
                )
        seal(session, reason="test", now=STORY)

    def invoke(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(journal, list(arguments))

    return invoke


def subject(number: int) -> Subject:
    return Subject(type=SubjectType.UNIT, id=f"unit-{number}")


def as_owner(act: Callable[[Session], object]) -> None:
    """Change the journal as an owner of the database can: the guards are away meanwhile."""
    with bound().transaction() as session:
        remove(session.connection())
        act(session)
        session.flush()
        install(session.connection(), GUARDS)


def sql(statement: str) -> Callable[[Session], object]:
    return lambda session: session.execute(text(statement))


def test_a_sound_journal_is_counted(run: Run) -> None:
    found = run("verify")
    assert found.exit_code == 0
    assert "記録 6 件　対象 3 件　封印 1 件" in found.stdout
    assert "食い違いはありません" in found.stdout


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE journal_entry SET payload = replace(payload, 'made', 'born')", "unit-1 #1"),
        (
            "UPDATE journal_entry SET digest = 'zz' || substr(digest, 3) WHERE sequence = 2",
            "unit-1 #2",
        ),
        (
            "UPDATE journal_entry SET previous_digest = 'zz' || substr(digest, 3) WHERE sequence = 2",
            "unit-1 #2",
        ),
        (
            "UPDATE journal_entry SET recorded_at = '2026-11-21 00:00:00' WHERE subject_id = 'unit-1'",
            "unit-1 #1",
        ),
        ("DELETE FROM journal_entry WHERE subject_id = 'unit-1' AND sequence = 1", "unit-1 #2"),
        ("DELETE FROM journal_entry WHERE subject_id = 'unit-1' AND sequence = 2", "unit-1 #2"),
        ("DELETE FROM journal_entry WHERE subject_id = 'unit-1'", "unit-1"),
        ("DELETE FROM journal_head WHERE subject_id = 'unit-1'", "unit-1"),
        ("UPDATE journal_head SET sequence = 1 WHERE subject_id = 'unit-1'", "unit-1"),
        ("UPDATE journal_head SET sealed_sequence = 1 WHERE subject_id = 'unit-1'", "unit-1"),
        ("UPDATE journal_head SET sealed_sequence = 9 WHERE subject_id = 'unit-1'", "unit-1"),
        ("UPDATE journal_seal SET entries = entries + 1", "封印 #1"),
        ("UPDATE journal_seal SET reason = 'other'", "封印 #1"),
        ("UPDATE journal_seal_line SET sequence = 1 WHERE subject_id = 'unit-1'", "封印 #1"),
        ("DELETE FROM journal_seal_line WHERE subject_id = 'unit-1'", "封印 #1"),
    ],
)
def test_what_is_altered_is_named(run: Run, statement: str, place: str) -> None:
    as_owner(sql(statement))
    found = run("verify")
    assert found.exit_code == 1
    assert place in found.stderr
    assert "食い違いが" in found.stderr


def test_a_seal_taken_off_the_machine_is_small_private_and_fits(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seal.json"
    assert run("seal", "--export", str(file)).exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    written = json.loads(file.read_text())
    assert set(written) == {"format", "sequence", "sealed_at", "digest", "subjects", "entries"}
    assert (written["sequence"], written["subjects"], written["entries"]) == (2, 3, 6)
    again = tmp_path / "again.json"
    assert run("export-seal", str(again)).exit_code == 0
    assert again.read_text() == file.read_text()
    found = run("verify", "--seal", str(file), "--seal", str(again))
    assert found.exit_code == 0
    assert "2 件と比べました" in found.stdout


def rewrite_everything(session: Session) -> None:
    """What an owner of the database could do: tell another story, with every digest and seal made to fit."""
    session.execute(text("DELETE FROM journal_seal_line"))
    session.execute(text("DELETE FROM journal_seal"))
    rows = session.execute(
        text("SELECT subject_type, subject_id, sequence, payload FROM journal_entry ORDER BY 1, 2, 3")
    ).all()
    previous = GENESIS
    for subject_type, subject_id, sequence, payload in rows:
        previous = previous if sequence > 1 else GENESIS
        story = payload.replace("thing.changed", "thing.praised")
        digest = link(previous=previous, sequence=sequence, payload=story)
        session.execute(
            text(
                "UPDATE journal_entry SET payload = :payload, previous_digest = :previous, digest = :digest "
                "WHERE subject_type = :type AND subject_id = :id AND sequence = :sequence"
            ),
            {
                "payload": story,
                "previous": previous,
                "digest": digest,
                "type": subject_type,
                "id": subject_id,
                "sequence": sequence,
            },
        )
        session.execute(
            text(
                "UPDATE journal_head SET digest = :digest, sealed_sequence = 0 "
                "WHERE subject_type = :type AND subject_id = :id AND sequence = :sequence"
            ),
            {"digest": digest, "type": subject_type, "id": subject_id, "sequence": sequence},
        )
        previous = digest


def test_a_journal_that_was_rewritten_as_a_whole_is_found_by_the_exported_seal(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "seal.json"
    run("export-seal", str(file))
    as_owner(rewrite_everything)
    with transaction() as session:
        seal(session, reason="test", now=STORY)
    assert run("verify").exit_code == 0
    found = run("verify", "--seal", str(file))
    assert found.exit_code == 1
    assert "封印 #1：書き出した封印と違います" in found.stderr


def cut_the_last_seal(session: Session) -> None:
    session.execute(text("DELETE FROM journal_seal_line WHERE seal_sequence = 2"))
    session.execute(text("DELETE FROM journal_seal WHERE sequence = 2"))


def test_a_cut_tail_of_seals_is_found(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seal.json"
    run("seal", "--export", str(file))
    as_owner(cut_the_last_seal)
    found = run("verify", "--seal", str(file))
    assert found.exit_code == 1
    assert "封印 #2：書き出した封印が、データベースにありません" in found.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format":1}', "\x00", "封印"])
def test_what_is_no_exported_seal_is_refused(run: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "seal.json"
    file.write_text(content)
    found = run("verify", "--seal", str(file))
    assert found.exit_code == 1
    assert "封印の控えとして読めません" in found.stderr


def test_an_altered_exported_seal_does_not_fit(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seal.json"
    run("export-seal", str(file))
    file.write_text(file.read_text().replace('"entries":6', '"entries":7'))
    found = run("verify", "--seal", str(file))
    assert found.exit_code == 1
    assert "書き出した封印と違います" in found.stderr


def test_an_exported_seal_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "seal.json"
    file.write_text("precious")
    assert run("export-seal", str(file)).exit_code == 1
    assert run("seal", "--export", str(file)).exit_code == 1
    assert file.read_text() == "precious"
    assert "封印 1 件" in run("verify").stdout


def test_a_folder_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    found = run("export-seal", str(tmp_path / "nowhere" / "seal.json"))
    assert found.exit_code == 1
    assert "書き込めません" in found.stderr


def test_without_any_seal_there_is_nothing_to_take_away(app: Flask, tmp_path: Path) -> None:
    found = app.test_cli_runner().invoke(journal, ["export-seal", str(tmp_path / "seal.json")])
    assert found.exit_code == 1
    assert "flask journal seal" in found.stderr
