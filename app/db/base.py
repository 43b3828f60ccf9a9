"""The declarative base: constraint names by convention, because batch migrations add and drop them by name."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)


class RetentionClass:
    """How long a kind of record is kept, in years counted from the start of the 年度 after it is completed.

    Every table names one of these in `info={"retention_class": …}`; a test holds that none is missing.
    Basis: 市 文書管理規程 (保存期間は完結した年度の翌年度から起算する).
    """

    PERMANENT = "permanent"
    TEN_YEARS = "ten-years"
    FIVE_YEARS = "five-years"
    THREE_YEARS = "three-years"
    WHILE_IN_FORCE = "while-in-force"
    TECHNICAL = "technical"


def kept(retention_class: str) -> dict[str, str]:
    """Return the `info` of a table that declares its retention class."""
    return {"retention_class": retention_class}
