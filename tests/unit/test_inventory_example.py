# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator copies must work as it stands: inventories/example, read by Ansible itself with the documented password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._entitlement import problems_of, refusals

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "inventories" / "example"
PASSWORD_FILE = INVENTORY / "vault-password.example.txt"
SECRET = "ZXhhbXBsZTpub3QtYS1zZWNyZXQ="
SITES = ("acme", "globex", "initech")
TENANTS = ("hooli", "umbrella")
DESKS = ("stark", "wayne")
ROLES = ("base", "bluegreen", "chatwoot", "tenant", "traefik")
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs, independent of the user's own settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    ours |= {
        "ANSIBLE_CONFIG": str(INVENTORY / "there-is-none.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    command = [str(Path(sys.executable).parent / program), *arguments]
    return subprocess.run(command, env=ours, cwd=ROOT / "tests", capture_output=True, text=True, timeout=60, check=False)


def ansible(program: str, *arguments: str, with_password: bool = True) -> subprocess.CompletedProcess[str]:
    """Run it on the example."""
    password = ["--vault-password-file", str(PASSWORD_FILE)] if with_password else []
    return run(program, "--inventory", str(INVENTORY), *password, *arguments)


@pytest.fixture(scope="module")
def listing() -> dict[str, Any]:
    """The inventory as Ansible reads it."""
    done = ansible("ansible-inventory", "--list")
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


@pytest.fixture(scope="module")
def role_options() -> dict[str, Any]:
    """What the roles take, over all their entry points."""
    options: dict[str, Any] = {}
    for role in ROLES:
        specification = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
        for entry in specification["argument_specs"].values():
            options |= entry["options"]
    return options


def test_the_sites_are_the_documented_ones(listing: dict[str, Any]) -> None:
    assert listing["sites"]["hosts"] == list(SITES)
    addresses = [listing["_meta"]["hostvars"][site]["ansible_host"] for site in SITES]
    assert len(set(addresses)) < len(addresses), "the example must show two sites on one server"


def test_the_tenants_are_the_documented_ones_and_need_no_server(listing: dict[str, Any]) -> None:
    assert listing["tenants"]["hosts"] == list(TENANTS)
    assert listing["desks"]["hosts"] == list(DESKS)
    assert all(listing["_meta"]["hostvars"][tenant]["ansible_connection"] == "local" for tenant in (*TENANTS, *DESKS))


def test_the_tenants_get_as_far_as_their_cluster() -> None:
    """The role has judged every value then; that there is no kubeconfig is said by the first task that asks the cluster."""
    # Without their files, whose server would be asked first.
    nowhere = {"tenant_cluster": {"kubeconfig": "/there-is-no-such-file"}, "tenant_storage": {}}
    done = ansible("ansible-playbook", "bluegreen.orchestrator.tenant", "--extra-vars", json.dumps(nowhere))
    said = " ".join(done.stdout.split())
    assert said.count("/there-is-no-such-file") >= len(TENANTS), done.stdout + done.stderr
    assert "Give the tenant the envelope of its tier" in said


@pytest.mark.parametrize(
    ("playbook", "desk", "extra", "task"),
    [
        ("chatwoot_managed", "stark", {"chatwoot_cluster": {"kubeconfig": "/no-such-file"}, "chatwoot_storage": {}}, "Bring a part of it"),
        ("chatwoot_self_hosted", "wayne", {"chatwoot_api": {"url": "http://127.0.0.1:9"}}, "Bring people, bot and inboxes in step"),
    ],
)
def test_the_desks_get_as_far_as_their_servers(playbook: str, desk: str, extra: dict[str, Any], task: str) -> None:
    """The role has judged every value then; that nobody answers is said by the first task that asks."""
    done = ansible("ansible-playbook", f"bluegreen.orchestrator.{playbook}", "--limit", desk, "--extra-vars", json.dumps(extra))
    said = " ".join(done.stdout.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert said.count("FAILED!") == 1
    assert said.index(task) < said.index("FAILED!")
    assert any(one in said for one in ("/no-such-file", "http://127.0.0.1:9"))


@pytest.mark.parametrize("site", [*SITES, *TENANTS, *DESKS])
def test_every_role_variable_is_one_of_the_role(listing: dict[str, Any], role_options: dict[str, Any], site: str) -> None:
    variables = {name: value for name, value in listing["_meta"]["hostvars"][site].items() if name.partition("_")[0] in ROLES}
    assert variables, "SITE conf sets nothing"
    for name, value in variables.items():
        assert name in role_options, f"{name} is no variable of the role"
        if isinstance(value, dict):
            assert set(value) <= set(role_options[name].get("options", value)), name


@pytest.mark.parametrize("site", SITES)
def test_the_offers_make_sense_and_include_the_switch(listing: dict[str, Any], site: str) -> None:
    variables = listing["_meta"]["hostvars"][site]
    bought, external = variables["site_offers"], variables.get("site_offers_external", [])
    assert problems_of(bought, external) == []
    assert refusals(bought, external, "bluegreen") == []


def test_one_site_has_its_server_from_us_and_nobody_else_gets_a_key_to_it(listing: dict[str, Any]) -> None:
    ours = [site for site in SITES if "infra_only" not in listing["_meta"]["hostvars"][site].get("site_offers_external", [])]
    assert ours == ["initech"]
    assert all("ansible_user" not in listing["_meta"]["hostvars"][site] for site in SITES)
    # Refused before the server is asked anything.
    done = ansible("ansible-playbook", "bluegreen.orchestrator.infra_only", "--limit", *ours)
    said = " ".join(done.stdout.split())
    assert 'base_deploy_keys: "ssh-ed25519 AAAA... release@agency" is not a whole public SSH key' in said, done.stdout + done.stderr


def test_the_secrets_are_vaulted_and_every_one_is_used() -> None:
    vault = INVENTORY / "host_vars" / "acme" / "vault"
    assert vault.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    opened = run("ansible-vault", "view", "--vault-password-file", str(PASSWORD_FILE), str(vault))
    assert SECRET in opened.stdout, opened.stderr
    for name in yaml.safe_load(opened.stdout):
        assert name.startswith("vault_")
        assert "{{ " + name + " }}" in (vault.parent / "main.yml").read_text()


def test_without_the_password_the_secret_stays_closed() -> None:
    done = ansible("ansible-inventory", "--host", "acme", with_password=False)
    assert done.returncode != 0
    assert "no vault secrets found" in done.stderr


def test_the_documented_password_is_the_one_in_the_file() -> None:
    assert PASSWORD_FILE.read_text() == "example\n"
    assert "password of this example is `example`" in (INVENTORY / "README.md").read_text()


def test_every_playbook_reads_with_it() -> None:
    # One start of Ansible for all of them; its error names the file.
    done = ansible("ansible-playbook", "--syntax-check", *(f"bluegreen.orchestrator.{path.stem}" for path in PLAYBOOKS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("playbook: ") == len(PLAYBOOKS)


def test_the_module_takes_every_value(listing: dict[str, Any]) -> None:
    """A preview on this machine gets as far as the directory: the role and the module have then judged every other value."""
    missing = "/there-is-no-such-directory"
    here = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "bluegreen_dynamic_dir": missing,
    }
    done = ansible("ansible-playbook", "bluegreen.orchestrator.bluegreen", "--extra-vars", json.dumps(here))
    said = " ".join(done.stdout.split())
    assert said.count(f"dynamic_dir: '{missing}' is not a directory") >= len(listing["sites"]["hosts"]), done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
