from collections.abc import Mapping, Sequence
from typing import Any

from axe_playwright_python.base import AxeResults as AxeResults
from playwright.sync_api import Page

class Axe:
    def __init__(self, axe_script: str = ...) -> None: ...
    def run(
        self,
        page: Page,
        context: str | Sequence[str] | Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> AxeResults: ...
