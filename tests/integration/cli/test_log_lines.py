"""What the server writes to its log: one line a fault, with its number, and nothing that somebody typed."""

import logging

from app.cli.serve import OneLine


def written(message: str, *arguments: object, error: BaseException | None = None) -> str:
    record = logging.LogRecord("app.web.errors", logging.ERROR, __file__, 1, message, arguments, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return OneLine().format(record)


def test_a_fault_is_one_line_with_its_number_and_place() -> None:
    try:
        _find("佐藤 花子のパスワード")
    except KeyError as error:
        line = written("unhandled fault %s at %s %s", "AB12-CD34", "GET", "/inspections", error=error)
    assert "AB12-CD34" in line
    assert "builtins.KeyError at test_log_lines.py:" in line
    assert " _find < test_log_lines.py:" in line
    assert "佐藤" not in line
    assert "\n" not in line


def _find(key: str) -> None:
    raise KeyError(key)


def test_nobody_can_write_a_line_of_their_own() -> None:
    line = written("refused at %s", "/x\r\n2026-11-20T00:00:00Z ERROR forged\x1b[31m\u202e\u2028")
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert "\\r\\n" in line


def test_the_time_is_in_utc() -> None:
    assert "+00:00 ERROR app.web.errors: " in written("x")
