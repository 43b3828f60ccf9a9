"""Names of documents in an archive: fit for every system, and readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.rules.requests import LONGEST_NAME, BundleKind, member_name


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("総務課", "001_総務課_R08-3F2A91C4.pdf"),
        ("𠮷田出張所", "001_𠮷田出張所_R08-3F2A91C4.pdf"),
        ("../../etc/passwd", "001__.._etc_passwd_R08-3F2A91C4.pdf"),
        ('a\\b:c*d?<e>|"f"\x00', "001_a_b_c_d__e___f___R08-3F2A91C4.pdf"),
        (" . ", "001__R08-3F2A91C4.pdf"),
    ],
)
def test_member_name(unit: str, name: str) -> None:
    assert member_name(place=1, unit=unit, number="R08-3F2A91C4", ending="pdf") == name


@given(st.text())
def test_no_name_leaves_its_folder(unit: str) -> None:
    name = member_name(place=1, unit=unit, number="R08-3F2A91C4", ending="pdf")
    assert not set(name) & set('<>:"/\\|?*\x00')
    assert name.startswith("001_")
    assert len(name) <= LONGEST_NAME + 25
    assert name.encode()


def test_endings() -> None:
    assert BundleKind.ALL.endings == ("pdf", "xlsx")
    assert BundleKind.PDF.endings == ("pdf",)
