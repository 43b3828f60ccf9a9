"""The server is killed again and again while people answer: what was acknowledged is there, once, whole.

Real processes, real HTTP, the real autosave. A client that got no reply sends the same save again after the
restart, as the page's script does, so a save that was stored but not acknowledged must not be stored twice.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import select

from app.db.session import Database
from app.inspections.models import Answer, AnswerHistory
from app.journal.queries import verify
from tests.factories.inspections import Year
from tests.integration.cli.served import Browser, environment, free_port, serving
from tests.people import AFFAIRS, BRANCH, COUNTER, HAYASHI, LEAD, SATO, TAKAHASHI, YOSHIDA, Cast, Place

KILLS: Final = 3
SHORTEST, LONGEST = 0.3, 1.2
"""Seconds of answering before a kill, counted from the moment the server is ready."""
SEED: Final = 20261120
LEVELS: Final = ("implemented", "partial", "not_implemented")
WRITERS: Final[tuple[tuple[Place, Cast], ...]] = (
    (AFFAIRS, SATO),
    (COUNTER, TAKAHASHI),
    (LEAD, HAYASHI),
    (BRANCH, YOSHIDA),
)
Key = tuple[UUID, str]
"""(item, client id) of one save."""


@dataclass(slots=True)
class Writer:
    """One person at one browser who answers the items of one section over and over."""

    cast: Cast
    sheet: UUID
    items: tuple[UUID, ...]
    browser: Browser
    token: str = ""
    versions: dict[UUID, int] = field(default_factory=dict)
    acknowledged: dict[Key, int] = field(default_factory=dict)
    sent: set[Key] = field(default_factory=set)

    def enter(self) -> None:
        """Sign in and take the page's token."""
        self.browser.sign_in(self.cast)
        self.token = self.browser.token(f"/inspections/{self.sheet}/sections/organisation")

    def answer_until(self, stop: threading.Event) -> None:
        """Save one answer after the other; a save without a reply is sent again."""
        number = 0
        while not stop.is_set():
            item = self.items[number % len(self.items)]
            client = f"save-{self.cast.staff_no}-{number}"
            while not stop.is_set() and not self._save(item, client, level=LEVELS[number % 3]):
                time.sleep(0.05)
            number += 1

    def _save(self, item: UUID, client: str, *, level: str) -> bool:
        body = {
            "level": level,
            "comment": f"{client}の理由",
            "reply": "",
            "version": self.versions.get(item, 0),
            "client": client,
        }
        self.sent.add((item, client))
        try:
            reply = self.browser.send(
                "PUT",
                f"/inspections/{self.sheet}/answers/{item}",
                body=json.dumps(body),
                headers={"Content-Type": "application/json", "X-CSRFToken": self.token},
            )
        except (OSError, http.client.HTTPException):
            return False
        assert reply.status == http.HTTPStatus.OK, reply.text
        self.versions[item] = json.loads(reply.text)["version"]
        self.acknowledged[item, client] = self.versions[item]
        return True


@pytest.fixture
def writers(year: Year, port: int) -> list[Writer]:
    """Eight browsers: for each of four sheets two, each with items of its own."""
    return [
        Writer(
            cast=cast,
            sheet=UUID(str(year.sheets[place.code])),
            items=tuple(UUID(str(year.item_id(key))) for key in keys),
            browser=Browser(port),
        )
        for place, cast in WRITERS
        for keys in (("D01", "D02"), ("D07", "D08", "D09"))
    ]


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def installation(city_url: str, tmp_path: Path, port: int) -> Mapping[str, str]:
    """The environment of the city under test."""
    secret = {"SELF_INSPECTION_SECRET_KEY": "the same before and after a kill " * 2}
    return environment(city_url, instance=tmp_path / "instance", port=port, more=secret)


def test_every_acknowledged_answer_survives_being_killed(
    year: Year, writers: list[Writer], installation: Mapping[str, str], tmp_path: Path
) -> None:
    year.database.engine.dispose()
    moments = random.Random(SEED)  # noqa: S311 - moments, not secrets
    stop = threading.Event()
    threads: list[threading.Thread] = []
    counts: list[int] = []
    try:
        for _ in range(KILLS):
            with serving(installation, log=tmp_path / "log") as served:
                if not threads:
                    threads = _begin(writers, stop)
                time.sleep(moments.uniform(SHORTEST, LONGEST))
                served.kill()
            counts.append(sum(len(writer.acknowledged) for writer in writers))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    # Work went on after every restart.
    assert counts == sorted(set(counts))
    _everything_acknowledged_is_there(year.database, writers)


def _begin(writers: list[Writer], stop: threading.Event) -> list[threading.Thread]:
    for writer in writers:
        writer.enter()
    threads = [threading.Thread(target=writer.answer_until, args=(stop,)) for writer in writers]
    for thread in threads:
        thread.start()
    return threads


def _everything_acknowledged_is_there(database: Database, writers: list[Writer]) -> None:
    with database.reading() as session:
        rows = session.scalars(select(AnswerHistory)).all()
        answers = {(row.revision_id, row.item_id): row.version for row in session.scalars(select(Answer))}
        journal = verify(session)
    stored = Counter((row.item_id, row.client_id) for row in rows)
    versions = {(row.item_id, row.client_id): row.version for row in rows}
    acknowledged = {key: version for writer in writers for key, version in writer.acknowledged.items()}
    assert {key: versions.get(key) for key in acknowledged} == acknowledged
    assert set(stored.values()) == {1}
    assert set(stored) <= {key for writer in writers for key in writer.sent}
    history: dict[tuple[UUID, UUID], list[int]] = {}
    for row in rows:
        history.setdefault((row.revision_id, row.item_id), []).append(row.version)
        assert row.comment == f"{row.client_id}の理由"
    assert {key: len(found) for key, found in history.items()} == answers
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in history.values())
    assert journal.faults == ()
