"""flask checklists: what the operator sees, on which stream, with which exit code."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.checklists.files import read_edition, schema_text
from app.checklists.models import Checklist
from app.checklists.queries import newest_published
from app.db.session import reading
from app.journal.queries import lines_of
from app.journal.rules import Subject, SubjectType
from app.kernel.digest import canonical
from tests.factories.editions import small_yaml
from tests.people import KIMURA, SATO, TANAKA

PUBLISH = ("publish", "department", "2026.1", "--note", "初版")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "department"
    made.mkdir()
    (made / "2026.1.yaml").write_bytes(small_yaml())
    return made


def run(app: Flask, *arguments: str | Path) -> Result:
    return app.test_cli_runner().invoke(args=["checklists", *map(str, arguments)])


def imported(app: Flask, folder: Path) -> None:
    result = run(app, "import", folder / "2026.1.yaml", "--by", TANAKA.staff_no)
    assert result.exit_code == 0, result.output


def published(app: Flask, folder: Path) -> None:
    imported(app, folder)
    result = run(app, *PUBLISH, "--by", TANAKA.staff_no, "--confirmed-by", KIMURA.staff_no)
    assert result.exit_code == 0, result.output


def successor(folder: Path, label: str = "2027.1", lineage: str = "{kind: same, of: KEY}") -> Path:
    """Write the next edition: every item goes on."""
    text = small_yaml(label).decode()
    for key in ("D01", "D02", "D03", "D07", "D08", "D09"):
        head, tail = text.split(f"key: {key}\n")
        text = f"{head}key: {key}\n" + tail.replace("{kind: new}", lineage.replace("KEY", key), 1)
    path = folder / f"{label}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_check_says_that_sound_files_are_sound(app: Flask, folder: Path) -> None:
    result = run(app, "check", folder / "2026.1.yaml", successor(folder))
    assert result.exit_code == 0
    assert [line.split(": ")[1][:8] for line in result.stdout.splitlines()] == ["問題ありません（"] * 2


def test_check_lists_every_problem_of_every_file_and_fails(app: Flask, folder: Path) -> None:
    bad = folder / "2026.2.yaml"
    bad.write_bytes(
        small_yaml("2026.2").replace(b"weight: 3", b"weight: 9").replace(b"ask: head", b"ask: cat", 1)
    )
    other = folder / "2026.3.yaml"
    other.write_bytes(b"")
    result = run(app, "check", bad, folder / "2026.1.yaml", other)
    assert result.exit_code == 1
    assert "2026.1.yaml: 問題ありません" in result.stdout
    assert f"{bad}:39: 項目 D01 の ask は head、" in result.stderr
    assert "項目 D07 の weight は3以下にします" in result.stderr
    assert "項目 D01：このキーは前の版で使われています" in result.stderr
    assert f"{other}:1: ファイルが空です" in result.stderr


def test_check_compares_with_the_older_editions_in_the_folder(app: Flask, folder: Path) -> None:
    lost = successor(folder, lineage="{kind: same, of: D77}")
    result = run(app, "check", lost)
    assert result.exit_code == 1
    assert "lineage の D77 は、前の版（2026.1）にありません" in result.stderr


def test_check_leaves_the_lineage_alone_where_nobody_knows_the_past(app: Flask, folder: Path) -> None:
    later = successor(folder)
    (folder / "2026.1.yaml").write_bytes(b"")
    assert run(app, "check", later).exit_code == 0
    strange = later.rename(folder / "draft.yaml")
    result = run(app, "check", strange)
    assert result.stderr.count("\n") == 1
    assert "ファイル名は「draft.yaml」です" in result.stderr


def test_check_knows_the_folder_of_a_bare_file_name(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert run(app, "check", "2026.1.yaml").exit_code == 0


def test_an_edition_is_imported_and_published_in_the_name_of_people(app: Flask, folder: Path) -> None:
    published(app, folder)
    with app.app_context(), reading() as session:
        assert newest_published(session, code="department") is not None
        subject = Subject(type=SubjectType.CHECKLIST, id=str(session.scalars(select(Checklist.id)).one()))
        line = lines_of(session, subject=subject)[-1]
    assert line.event == "checklist.published"
    assert (line.person_id, line.via) == (str(TANAKA.id), "cli")
    assert line.facts["confirmed_by"] == str(KIMURA.id)


def test_refusals_are_sentences_on_stderr(app: Flask, folder: Path) -> None:
    imported(app, folder)
    for arguments, sentence in (
        ((*PUBLISH, "--by", KIMURA.staff_no, "--confirmed-by", KIMURA.staff_no), "自分では決められません"),
        ((*PUBLISH, "--by", "0000", "--confirmed-by", KIMURA.staff_no), "職員番号0000"),
        (("import", folder / "2026.1.yaml", "--by", SATO.staff_no), "あなたの役割ではできません"),
        (("export", "department", "2030.1"), "点検票「department」の版「2030.1」は取り込まれていません"),
    ):
        result = run(app, *arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr
        assert result.stdout == ""


def test_a_bad_file_is_not_imported(app: Flask, folder: Path) -> None:
    bad = folder / "2026.2.yaml"
    bad.write_bytes(b"format: 1\n")
    result = run(app, "import", bad, "--by", TANAKA.staff_no)
    assert result.exit_code == 1
    assert f"{bad}:1: code がありません" in result.stderr


def test_an_exported_edition_is_the_imported_one(app: Flask, folder: Path, tmp_path: Path) -> None:
    imported(app, folder)
    printed = run(app, "export", "department", "2026.1")
    target = tmp_path / "out.yaml"
    assert run(app, "export", "department", "2026.1", "-o", target).exit_code == 0
    assert target.read_bytes() == printed.stdout_bytes
    name = "department/2026.1.yaml"
    assert read_edition(target.read_bytes(), name=name) == read_edition(small_yaml(), name=name)


def test_the_list_shows_state_and_digest(app: Flask, folder: Path) -> None:
    assert run(app, "list").stdout == ""
    imported(app, folder)
    assert "department 2026.1  下書き  6項目（所属ごとに1枚）" in run(app, "list").stdout
    published(app, folder)
    assert "公開 令和8年11月20日" in run(app, "list").stdout


def test_the_schema_is_printed_as_it_stands_in_its_file(app: Flask) -> None:
    result = run(app, "schema")
    assert result.stdout == schema_text()
    assert canonical(json.loads(result.stdout))


# ------------------------------------------------------------------------------------- differences


@pytest.fixture
def two(app: Flask, folder: Path) -> Path:
    """An edition that is published, and its successor as a draft: D02 in other words, D03 gone, D09 heavier."""
    published(app, folder)
    text = successor(folder).read_text(encoding="utf-8")
    head, tail = text.split("      - key: D03\n")
    _, tail = tail.split("  - slug: assets\n")
    text = (
        head
        + "  - slug: assets\n"
        + tail.replace("retired: []", "retired:\n  - key: D03\n    note: 要らない。")
    )
    text = text.replace("D02のことを今年度に行った。", "D02のことを前年度に行った。")
    text = text.replace(
        "{kind: same, of: D02}", "{kind: reworded, of: D02, comparable: false, note: 年を変えた。}"
    )
    before, after = text.split("key: D09\n")
    path = folder / "2027.1.yaml"
    path.write_text(f"{before}key: D09\n{after.replace('weight: 2', 'weight: 3')}", encoding="utf-8")
    result = run(app, "import", path, "--by", TANAKA.staff_no)
    assert result.exit_code == 0, result.output
    return folder


def test_differences_are_printed_for_people(app: Flask, two: Path) -> None:
    result = run(app, "diff", "department", "2026.1", "2027.1")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "小さな点検票（department）　2026.1版 → 2027.1版（下書き）",
        "廃止 1、文言変更 1、重み 1、前回と比べない 1、変わらない 3",
        "回答の段階と点数は同じです。前の版の回答とは、項目ごとの定めに従って比べます。",
        "",
        "■ D02　文言変更",
        "  設問：D02のことを[-今年度-]{+前年度+}に行った。",
        "  問いの中身が変わったため、前の版の回答とは比べません。年を変えた。",
        "",
        "■ D03　廃止",
        "  - 1-3 D03 D03のことを今年度に行った。",
        "  要らない。",
        "",
        "■ D09　設定の変更",
        "  2-3 D09のことを今年度に行った。",
        "  重み：2 → 3",
        "  前の版の回答と比べます。",
    ]


def test_differences_are_given_to_programs(app: Flask, two: Path) -> None:
    result = run(app, "diff", "department", "2026.1", "2027.1", "--format", "json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert set(data) == {"format", "code", "before", "after", "scale", "counts", "edition", "entries"}
    assert (data["format"], data["code"], data["scale"], data["edition"]) == (1, "department", "kept", [])
    assert (data["before"]["label"], data["after"]["state"]) == ("2026.1", "draft")
    assert data["counts"] == {"retired": 1, "reworded": 1, "weight": 1, "not_comparable": 1, "same": 3}
    reworded = data["entries"][1]
    assert reworded["lineage"] == {
        "D02": {
            "kind": "reworded",
            "of": ["D02"],
            "comparable": False,
            "obstacle": "meaning",
            "note": "年を変えた。",
        }
    }
    assert reworded["changes"][0]["texts"] == [
        {
            "aspect": "statement",
            "level": None,
            "parts": [
                ["same", "D02のことを"],
                ["old", "今年度"],
                ["new", "前年度"],
                ["same", "に行った。"],
            ],
        }
    ]
    assert [entry["kind"] for entry in data["entries"]] == [
        "same",
        "reworded",
        "retired",
        "same",
        "same",
        "changed",
    ]
    assert data["entries"][5]["changes"][0]["values"] == [{"aspect": "weight", "before": 2, "after": 3}]
    assert data["entries"][5]["answers"] == {"before": 0, "after": 0}


def test_an_edition_does_not_differ_from_itself(app: Flask, two: Path) -> None:
    result = run(app, "diff", "department", "2026.1", "2026.1")
    assert result.stdout.splitlines()[1:] == ["違いはありません。"]


def test_editions_that_cannot_be_compared_are_named(app: Flask, two: Path) -> None:
    for code, old, new, sentence in (
        ("department", "2025.1", "2026.1", "点検票「department」の版「2025.1」は取り込まれていません"),
        ("none", "2026.1", "2027.1", "点検票「none」の版「2026.1」は取り込まれていません"),
        ("department", "2027.1", "2026.1", "版は、古い方、新しい方の順に書いてください"),
    ):
        result = run(app, "diff", code, old, new)
        assert (result.exit_code, result.stdout) == (1, "")
        assert sentence in result.stderr
