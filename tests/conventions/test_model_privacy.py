"""Tables are private: `app.<domain>.models` is imported only inside `app.<domain>` and by the one registry.

import-linter can protect a domain only when it is named; this test also holds for domains to come.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "app.db.registry"


def module_name(path: Path, *, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(tree: ast.AST, *, package: str) -> Iterator[str]:
    """Every dotted name an import statement may bring in, relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(root: Path) -> list[str]:
    """Imports of another domain's tables below root/app, as `importer -> imported`."""
    found = []
    for path in sorted((root / "app").rglob("*.py")):
        importer = module_name(path, root=root)
        package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        for name in imported_names(ast.parse(path.read_text(encoding="utf-8")), package=package):
            parts = name.split(".")
            is_model = len(parts) > 2 and parts[0] == "app" and parts[2] == "models"
            own = importer.split(".")[:2] == parts[:2]
            if is_model and not own and importer != REGISTRY:
                found.append(f"{importer} -> {name}")
    return found


def test_no_domain_imports_another_domains_tables() -> None:
    assert violations(ROOT) == []


def test_every_form_of_import_is_seen(tmp_path: Path) -> None:
    sources = {
        "app/people/models.py": "",
        "app/people/queries.py": "from app.people.models import Person\nfrom . import models\n",
        "app/db/registry.py": "from app.people import models\n",
        "app/home/queries.py": "from app.people.models import Person\n",
        "app/home/routes.py": "from app.people import models\nimport app.people.models\n",
        "app/plan/commands/__init__.py": "from ...people.models.person import Person\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert violations(tmp_path) == [
        "app.home.queries -> app.people.models.Person",
        "app.home.routes -> app.people.models",
        "app.home.routes -> app.people.models",
        "app.plan.commands -> app.people.models.person.Person",
    ]
