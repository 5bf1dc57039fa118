# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that agree with each other and with the code."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.filter.filters import FUNCTIONS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.offers import OFFERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers import TIERS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.model import MB
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._command import SAFE_VARIABLES
from tests.tools import plans, tiers, variables

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
PUBLIC_HOSTS = ("acme-v02.api.letsencrypt.org", "github.com", "www.gnu.org", "doc.traefik.io", "docs.ansible.com", "pre-commit.com")


def markdown_files() -> list[str]:
    """Every Markdown file of the repository that a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def prose(name: str) -> str:
    """A file without its code blocks: what stands in those is no link and no heading."""
    return re.sub(r"(?ms)^```.*?^```$", "", (ROOT / name).read_text())


def anchors(name: str) -> set[str]:
    """The anchors that GitHub gives to a file's headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(name))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def table_rows(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    after = text.partition(f"## {heading}\n")[2]
    lines = re.findall(r"(?m)^\|.*\|$", after.partition("\n## ")[0])
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_there_are_documents() -> None:
    assert {"README.md", "README.fr.md", "docs/runbooks/bluegreen.md"} <= set(markdown_files())


@pytest.mark.parametrize("name", markdown_files())
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(name)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        linked = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert linked.exists(), f"{name}: {target} is not there"
        if anchor:
            assert anchor in anchors(str(linked.relative_to(ROOT))), f"{name}: {target} has no such heading"


@pytest.mark.parametrize("name", markdown_files())
def test_no_document_knows_our_machines(name: str) -> None:
    """Paths of the machine that it was written on, and hosts that are not public, do not belong into a public page."""
    text = (ROOT / name).read_text()
    assert not re.findall(r"(?:^|[\s`'\"(])(?:/work|/root|/home|/tmp)\b[^\s`]*", text)
    for host in re.findall(r"https?://([^/\s:`'\")<>]+)", text):
        reserved = host.endswith((".example", ".localhost", "example.net", "example.com", "example.org")) or host in (
            "127.0.0.1",
            "localhost",
        )
        assert reserved or host in PUBLIC_HOSTS, f"{name}: {host} is neither public documentation nor a reserved name"


@pytest.mark.parametrize(
    ("name", "heading", "words"),
    [("README.md", "The six offers", ("built", "planned")), ("README.fr.md", "Les six offres", ("livrée", "prévue"))],
)
def test_the_readme_sells_what_the_catalog_has(name: str, heading: str, words: tuple[str, str]) -> None:
    rows = table_rows((ROOT / name).read_text(), heading)
    told = [(title, key, status) for title, key, _promise, status in rows]
    assert told == [(offer["title"], f"`{key}`", words[0] if offer["playbook"] else words[1]) for key, offer in OFFERS.items()]


def test_the_french_readme_gives_the_promises_to_the_letter() -> None:
    rows = table_rows((ROOT / "README.fr.md").read_text(), "Les six offres")
    # ansible-test allows no typographic quotes in a file, the catalog has them escaped.
    promises = [offer["promise"].replace("\u2019", "'") for offer in OFFERS.values()]
    assert [promise for _title, _key, promise, _status in rows] == promises


def test_the_tenants_page_tells_the_figures_of_the_tiers() -> None:
    """The client reads them in French: a thin space is a space, and "jusqu'a" says that Business may have more sold to it."""
    rows = {row[0]: row[1:] for row in table_rows((ROOT / "docs/client/tenant.fr.md").read_text(), "Ce que vous avez")}
    sold = list(TIERS.values())
    uploads = [max(bucket["max_file_size"] for bucket in tier["object_storage"]["buckets"].values()) // MB for tier in sold]
    told = {
        "Sites": [str(tier["sites"]) for tier in sold],
        "Domaines à votre nom": [str(tier["domains"]) for tier in sold],
        "Requêtes par minute, toutes boutiques et tous visiteurs réunis": [
            f"{tier['rate_limit']['requests_per_minute']:,}".replace(",", " ") for tier in sold
        ],
        "Le plus gros fichier que l'on peut envoyer": [f"{size} Mo" for size in uploads],
        "Fichiers servis par le CDN": ["oui" if tier["cdn"]["provider"] else "non" for tier in sold],
        "Adresses de confiance, sans limite": ["oui" if tier["rate_limit"]["trusted_ips"] else "non" for tier in sold],
        "Base de données à vous seul, autres régions": [
            "en option" if tier["database"]["dedicated_cluster"] and "multi_region" in tier["features"]["options"] else "non"
            for tier in sold
        ],
    }
    assert {name: [cell.removeprefix("jusqu'à ") for cell in cells] for name, cells in rows.items()} == told


def test_the_page_of_files_tells_the_figures_of_the_tiers() -> None:
    rows = {row[0]: row[1:] for row in table_rows((ROOT / "docs/client/storage.fr.md").read_text(), "Ce que vous avez")}
    sold = [tier["object_storage"] for tier in TIERS.values()]
    buckets = {"Images et vidéos des produits": "products", "Pièces du SAV": "sav", "Lettres d'information": "newsletters"}
    files = {
        f"Le plus gros fichier : {word}": name for word, name in (("produits", "products"), ("SAV", "sav"), ("lettres", "newsletters"))
    }
    yes = {True: "oui", False: "non"}
    assert rows == {
        **{title: [f"{one['buckets'][name]['quota'] // 10**9} Go" for one in sold] for title, name in buckets.items()},
        **{title: [f"{one['buckets'][name]['max_file_size'] // MB} Mo" for one in sold] for title, name in files.items()},
        "Durée de vie d'un lien privé": [f"{one['presigned_url_expiry'] // 3600} h" for one in sold],
        "Anciennes versions gardées": [yes[all(bucket["versioning"] for bucket in one["buckets"].values())] for one in sold],
        "Copie dans une autre région": [yes[one["replication"]] for one in sold],
    }


def test_the_decision_on_needs_is_the_catalogs() -> None:
    text = (ROOT / "docs/adr/0002-offers-as-entitlements.md").read_text()
    told: dict[str, tuple[str, ...]] = {}
    for names, needs in re.findall(r"(?m)^ *\| (`.*?) \| (nothing|`.*?) \|", text):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", names), tuple(re.findall(r"`(\w+)`", needs)))
    assert told == {key: offer["needs"] for key, offer in OFFERS.items()}


def test_decisions_are_numbered_once_and_listed() -> None:
    folder = ROOT / "docs" / "adr"
    names = sorted(path.name for path in folder.glob("[0-9]*.md"))
    numbers = [name[:4] for name in names]
    assert len(set(numbers)) == len(numbers), names
    index = (folder / "README.md").read_text()
    assert sorted(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)) == names
    for name in names:
        text = (folder / name).read_text()
        assert text.startswith(f"# {name[:4]}: "), name
        assert re.search(r"(?m)^Status: \w+\. Date: \d{4}-\d\d-\d\d\.$", text), name
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert f"\n## {part}\n" in text, f"{name} has no part {part}"


def refusals() -> Iterator[str]:
    """The sentences with which the collection refuses or takes back, with ``{}`` where a value stands."""
    trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "plugins" / "module_utils").glob("*.py"))]
    for tree in trees:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("RefusedError", "LockedError", "UndoneError")
            ):
                yield from sentences(node.args[0], trees)


def sentences(node: ast.expr, trees: list[ast.Module]) -> Iterator[str]:
    """The text of a literal or an f-string; of a function that puts it together, what each function of this name returns."""
    if not isinstance(node, ast.Call):
        yield sentence(node)
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    functions = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == name]
    returned = [one.value for function in functions for one in ast.walk(function) if isinstance(one, ast.Return) and one.value]
    assert returned, f"line {node.lineno}: not a text that can be read here"
    for value in returned:
        yield sentence(value)


def sentence(node: ast.expr) -> str:
    """The text of a literal or an f-string."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    assert isinstance(node, ast.Constant), f"line {node.lineno}: not a text that can be read here"
    return str(node.value)


def explained() -> list[str]:
    """What the runbooks' tables on refusals quote: tables whose first column is called "The sentence has"."""
    quotes = []
    for page in RUNBOOKS:
        for table in re.findall(r"(?m)^\| The sentence has \|.*\n\|.*\n((?:\|.*\n?)+)", page.read_text()):
            quotes += re.findall(r"(?m)^\| `([^`]+)` \| ", table)
    return quotes


def test_a_runbook_explains_every_refusal() -> None:
    unexplained = [text for text in refusals() if not any(quote in text for quote in explained())]
    assert unexplained == [], "no page of docs/runbooks says what to do about these"


def tasks_of(content: Any) -> Iterator[dict[str, Any]]:
    """Every task in a task file, those in blocks too."""
    for task in content or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_of(task.get(part))


def role_refusals(role: str) -> Iterator[str]:
    """The sentences with which a role refuses; of one that chooses between some, each."""
    for path in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")):
        for task in tasks_of(yaml.safe_load(path.read_text())):
            for module, key in (("assert", "fail_msg"), ("fail", "msg"), ("wait_for", "msg")):
                text = str(task.get(f"ansible.builtin.{module}", {}).get(key, ""))
                expressions = re.findall(r"{{(.*?)}}", text, re.DOTALL)
                choices = [words for expression in expressions for words in re.findall(r"'([^']*)'", expression) if len(words) > 15]
                yield from choices or ([text] if text else [])


@pytest.mark.parametrize("role", ["bluegreen", "traefik"])
def test_a_runbook_explains_every_refusal_of_a_role(role: str) -> None:
    """But for what a filter or a module says, whose own sentences are looked at elsewhere."""
    said = [text for text in role_refusals(role) if re.sub(r"{{.*?}}", "", text, flags=re.DOTALL).strip()]
    assert len(said) > 10
    assert [text for text in said if not any(quote in text for quote in explained())] == []


def test_no_runbook_explains_what_nobody_says() -> None:
    folders = (ROOT / "plugins" / "module_utils", ROOT / "playbooks", ROOT / "roles")
    code = " ".join(path.read_text() for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".yml"))
    sentences = [*refusals(), code]
    assert [quote for quote in explained() if not any(quote in text for text in sentences)] == []
    assert len(explained()) > 10


def test_the_table_of_variables_is_current() -> None:
    assert variables.PAGE.read_text() == variables.page(), "run: make docs"


def test_the_table_of_plans_is_current() -> None:
    assert plans.PAGE.read_text() == plans.page(), "run: make docs"


def test_the_table_of_tiers_is_current() -> None:
    assert tiers.PAGE.read_text() == tiers.page(), "run: make docs"


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("bluegreen_take_over", "-e"),
        ("bluegreen_retire_force", "-e"),
        ("bluegreen_retire_volumes", "-e"),
        ("bluegreen_claim_seconds", "SITE"),
        ("bluegreen_keep_previous", "SITE"),
    ],
)
def test_what_is_done_once_stands_in_no_conf(name: str, where: str) -> None:
    """In SITE conf it would be done with every run."""
    assert f"| `{name}` | {where} | " in variables.PAGE.read_text()


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in FUNCTIONS.items() for name in names])
def test_every_filter_has_its_documentation(module: str, name: str) -> None:
    """ansible-test says nothing where it lacks; Galaxy's importer does, after minutes."""
    documented = ROOT / "plugins" / "filter" / f"{name}.yml"
    assert documented.is_file(), f"{name} is not documented: write plugins/filter/{name}.yml"
    said = yaml.safe_load(documented.read_text())["DOCUMENTATION"]
    assert said["name"] == name
    function = vars(import_module(f"ansible_collections.bluegreen.orchestrator.plugins.plugin_utils.{module}"))[name]
    positional = [one.name for one in inspect.signature(function).parameters.values() if one.kind is not one.VAR_KEYWORD]
    assert positional[1:] == re.findall(r"[a-z_]+", said.get("positional", ""))


def test_what_is_given_with_one_run_is_in_the_command_that_applies() -> None:
    """A number or a truth value is no secret; withheld, it would have to be typed once more."""
    acts = set(re.findall(r"^\| `(\w+)` \| -e \| (?:bool|int) \|", variables.PAGE.read_text(), re.MULTILINE))
    assert len(acts) > 10
    # The command says dry_run by itself.
    assert acts - SAFE_VARIABLES == {"dry_run"}
