"""The answer sheet for the pen: the short form fits one A4 page."""

from io import BytesIO

from pypdf import PdfReader

from tests.e2e.conftest import Site
from tests.factories.editions import further_editions
from tests.people import KIMURA, SATO, TANAKA


def test_the_short_form_of_the_person_list_is_one_page_of_paper(site: Site) -> None:
    publisher, confirmer = site.year.actor(TANAKA), site.year.actor(KIMURA)
    with site.year.database.transaction() as session:
        further_editions(session, publisher=publisher, confirmer=confirmer, now=site.year.now)
    page = site.signed_in(SATO)
    page.goto(f"{site.url}/checklists/person/editions/2026.1?form=short")
    page.get_by_role("link", name="紙の回答用紙").click()
    assert page.get_by_role("row").count() == 2 + 1 + 13
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed.pages) == 1
    assert "私用のSNS" in printed.pages[0].extract_text()
