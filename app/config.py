"""Typed settings, read once from `instance/settings.env` and the environment (the environment wins)."""

import os
import secrets
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
Needing = Literal["lead-division", "auditor", "administrator", "chief", "cio"]
"""Whom the second factor can be required of."""
NOBODY: Final = "none"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """Everything that a city sets. Names in the environment: SELF_INSPECTION_<NAME>; the database also as DATABASE_URL."""

    model_config = SettingsConfigDict(
        env_prefix="SELF_INSPECTION_", extra="forbid", frozen=True, populate_by_name=True
    )

    city: str = "みほん市"
    product_name: str = "情報セキュリティ自己点検"
    contact: str = "情報政策課　内線 2345"
    lead_division_name: str = "情報政策課"
    classification: str = "取扱注意（自治体機密性2）"

    instance_path: Path = ROOT / "instance"
    database_url: str = Field(default="", validation_alias="DATABASE_URL")
    secret_key: str = ""
    demo: bool = False

    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = Field(default=8, ge=1, le=64)
    https: bool = False
    jobs_minutes: int = Field(default=10, ge=0, le=1440)
    documents_days: int = Field(default=30, ge=1, le=365)
    trusted_proxies: int = Field(default=0, ge=0, le=3)

    idle_minutes: int = Field(default=30, ge=5, le=240)
    administrator_idle_minutes: int = Field(default=10, ge=5, le=240)
    absolute_hours: int = Field(default=12, ge=1, le=24)
    evidence_megabytes_per_sheet: int = Field(default=500, ge=20, le=10_000)
    minimum_password_length: int = Field(default=12, ge=8, le=64)
    second_factor: Annotated[frozenset[Needing], NoDecode] = frozenset(
        {"lead-division", "auditor", "administrator"}
    )

    smtp_host: str = ""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_security: Literal["plain", "starttls", "tls"] = "plain"
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    smtp_ca_file: Path | None = None
    smtp_timeout: int = Field(default=20, ge=1, le=120)
    mail_hour: int = Field(default=8, ge=0, le=23)
    base_address: str = ""

    @field_validator("second_factor", mode="before")
    @classmethod
    def _by_commas(cls, typed: Any) -> Any:  # noqa: ANN401 - whatever stands in the environment
        """Read `lead-division,auditor`, and `none` for nobody; nothing at all would be a slip, and is refused."""
        if not isinstance(typed, str):
            return typed
        words = [word.strip() for word in typed.split(",")]
        if words == [NOBODY]:
            return frozenset()
        unknown = [word for word in words if word not in get_args(Needing)]
        if unknown:
            known = ", ".join(get_args(Needing))
            message = f"SECOND_FACTOR takes {NOBODY}, or some of {known}, parted by commas"
            raise ValueError(message)
        return frozenset(words)

    @model_validator(mode="after")
    def _demonstration_stays_at_home(self) -> Self:
        # A demonstration server carries published passwords: it must not be reachable from other machines.
        if self.demo and self.host not in LOOPBACK:
            message = "a demonstration server binds 127.0.0.1 only"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if not self.smtp_host:
            return self
        if "@" not in self.smtp_from or not self.base_address.startswith(("http://", "https://")):
            message = (
                "with SMTP_HOST, SMTP_FROM (an address) and BASE_ADDRESS (http://… or https://…) are needed"
            )
            raise ValueError(message)
        if self.smtp_user and self.smtp_security == "plain" and self.smtp_host not in LOOPBACK:
            message = "SMTP_USER needs SMTP_SECURITY=starttls or tls: a password never goes over an open line"
            raise ValueError(message)
        return self

    @cached_property
    def database(self) -> str:
        """Return the database URL; the embedded SQLite file in `instance/` unless another is set."""
        return self.database_url or f"sqlite:///{self.instance_path / 'self-inspection.sqlite3'}"

    def secret(self) -> str:
        """Return the key that signs cookies: a setting, or one that this installation made for itself once."""
        if self.secret_key:
            return self.secret_key
        path = self.instance_path / "secret-key"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError), os.fdopen(_create_private(path), "w") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text()

    @property
    def second_factor_required_for(self) -> frozenset[Needing]:
        """Return whom the second factor is required of: nobody in the demonstration unless it is said, so that its published passwords do."""
        if self.demo and "second_factor" not in self.model_fields_set:
            return frozenset()
        return self.second_factor

    @property
    def evidence_path(self) -> Path:
        """Return the folder of kept files (sealed documents), outside the web root."""
        return self.instance_path / "evidence"

    @property
    def documents_path(self) -> Path:
        """Return the folder of documents that were put together on request; whatever it holds can be made again."""
        return self.instance_path / "documents"

    @property
    def idle_limit(self) -> timedelta:
        """Return how long a session may rest."""
        return timedelta(minutes=self.idle_minutes)


def load_settings() -> Settings:
    """Read the settings of this installation."""
    instance = Settings().instance_path
    return Settings(_env_file=instance / "settings.env")  # type: ignore[call-arg]  # pydantic-settings adds it


def _create_private(path: Path) -> int:
    """Return the handle of a new file that only its owner reads; refuse when it exists already."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
