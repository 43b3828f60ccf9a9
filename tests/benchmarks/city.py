"""A city of 120 offices in a database, and years of sheets: direct inserts, because walking the commands would take minutes.

Every sheet has all 72 items of the real edition, each answered with a comment. Sheets of earlier years are signed off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import batched_offices
from pathlib import Path
from typing import Any, Final
