"""Enrolling a second factor and signing in with a code, without a script; and the cover over a page that waits asks for it too."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESK, NARROW, PHONE, Site
from tests.e2e.test_every_page import problems_of, sideways
from tests.factories.second_factor import code_at
from tests.people import PASSWORD, SATO

STEP = timedelta(seconds=30)


def looked_at(page: Page, *, where: str) -> list[str]:
    """Return what is wrong with a page at every size."""
    problems: list[str] = []
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        problems += problems_of(page, where=where)
    problems += sideways(page, where=where)
    page.set_viewport_size(DESK)
    return problems


def enrol(page: Page, site: Site) -> str:
    """Enrol on the page as a person does, typing the secret into an app; return the secret."""
    page.goto(f"{site.url}/me/second-factor")
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.get_by_label("新しい確認コード").fill(code_at(site.clock.now(), secret=secret))
    page.get_by_label("あなたのパスワード").fill(PASSWORD)
    page.get_by_role("button", name="登録する").click()
    page.wait_for_url(f"{site.url}/me/sessions")
    return secret


def test_without_a_script_one_enrols_and_signs_in_with_a_code(site: Site) -> None:
    first = site.signed_in(SATO, scripts="off")
    secret = enrol(first, site)
    expect(first.get_by_text("登録済み")).to_be_visible()
    first.get_by_role("button", name="ログアウト").first.click()
    page = site.signed_in(SATO, scripts="off")
    expect(page.get_by_role("heading", name="確認コードを入れる")).to_be_visible()
    page.get_by_label("確認コード", exact=True).fill("000000")
    page.get_by_role("button", name="ログイン", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("確認コードが違います")
    site.clock.pass_by(STEP)
    page.get_by_label("確認コード", exact=True).fill(code_at(site.clock.now(), secret=secret))
    page.get_by_role("button", name="ログイン", exact=True).click()
    page.wait_for_url(f"{site.url}/")
    expect(page.get_by_text("佐藤 花子").first).to_be_visible()


def test_the_pages_of_the_second_factor_are_accessible_and_narrow(site: Site) -> None:
    page = site.signed_in(SATO)
    page.goto(f"{site.url}/me/second-factor")
    problems = looked_at(page, where="enrolment")
    for size in (DESK, PHONE, NARROW):
        page.set_viewport_size(size)
        cut_off = page.locator("svg.qr").evaluate(
            "svg => { const all = svg.getBoundingClientRect();"
            " return [...svg.querySelectorAll('path')].some(path => path.getBoundingClientRect().right > all.right + 1) }"
        )
        assert not cut_off, size
    page.set_viewport_size(DESK)
    enrol(page, site)
    problems += looked_at(page, where="own account")
    page.goto(f"{site.url}/me/second-factor/remove")
    problems += looked_at(page, where="removal")
    other = site.signed_in(SATO)
    problems += looked_at(other, where="code")
    assert problems == []


def test_the_cover_over_a_page_that_waits_asks_for_the_code(site: Site) -> None:
    page = site.signed_in(SATO)
    secret = enrol(page, site)
    page.goto(f"{site.url}/me/settings")
    site.clock.pass_by(timedelta(minutes=31))
    page.evaluate("inspection.signedInAgain()")
    cover = page.locator("dialog.dialog--cover")
    cover.get_by_label("職員番号").fill(SATO.staff_no)
    cover.get_by_label("パスワード").fill(PASSWORD)
    cover.get_by_role("button", name="ログイン").click()
    cover.get_by_label("確認コード").fill("000000")
    cover.get_by_role("button", name="ログイン").click()
    expect(cover.get_by_role("alert")).to_contain_text("確認コードが違います")
    cover.get_by_label("確認コード").fill(code_at(site.clock.now(), secret=secret))
    cover.get_by_role("button", name="ログイン").click()
    expect(cover).to_have_count(0)
    assert page.url == f"{site.url}/me/settings"
