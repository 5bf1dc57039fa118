# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs beside Chatwoot in its namespace, run for real as its pods say: the keys' Job on a real API server, PostgreSQL, Redis, and a
backup into a real object storage that is restored. Programs are Debian's (``lab/images/lab-desk``); Chatwoot itself is not to be had.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_parts
from lab.docker import Engine, docker
from lab.images import make_image
from lab.kubernetes import ControlPlane
from lab.kubernetes.programs import find as find_program
from lab.minio import Minio
from lab.pods import Node
from tests.harness.ansible import ROOT
from tests.integration.desk_world import CANARY, DeskWorld, managed
from tests.integration.storage import Buckets
from tests.unit.desk_cases import desk

pytestmark = pytest.mark.timeout(300)
RUNBOOK = (ROOT / "docs" / "runbooks" / "chatwoot_managed.md").read_text()
PASSWORDS = {"POSTGRES_PASSWORD": f"{CANARY}-postgres", "REDIS_PASSWORD": f"{CANARY}-redis"}


def found(kind: str, part: str, **said: Any) -> list[dict[str, Any]]:
    """The manifests of one kind in a part."""
    return [one for one in _desk_parts.part(desk(**said), part)["manifests"] if one["kind"] == kind]


def named(kind: str, part: str, name: str, **said: Any) -> dict[str, Any]:
    (one,) = [one for one in found(kind, part, **said) if one["metadata"]["name"] == name]
    return one


@pytest.fixture
def node(docker_engine: Engine, tmp_path: Path) -> Node:
    assert docker_engine.answers()
    return Node(tmp_path / "node", make_image("bluegreen/lab-desk:12"), {"chatwoot-keys": dict(PASSWORDS)})


@dataclass
class Keys:
    """The Job that makes the keys, on a real API server, with exactly the rights that its Role has."""

    plane: ControlPlane
    node: Node
    client: str

    @property
    def namespace(self) -> str:
        return f"client-{self.client}"

    def prepare(self) -> None:
        """Make the account of the Job, as the part does."""
        self.plane.kubectl("create", "namespace", self.namespace)
        manifests = [one for one in _desk_parts.part(desk(client=self.client), "keys")["manifests"] if one["kind"] != "Job"]
        self.plane.kubectl("apply", "-f", "-", stdin=manifests)

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run the pod of the Job once."""
        address = urlsplit(self.plane.url)
        self.node.environment = {"KUBERNETES_SERVICE_HOST": str(address.hostname), "KUBERNETES_SERVICE_PORT": str(address.port)}
        (job,) = found("Job", "keys", client=self.client)
        token = self.plane.kubectl("create", "token", "chatwoot-keys", "-n", self.namespace).strip()
        (cluster,) = yaml.safe_load(self.plane.kubeconfig("admin").read_text())["clusters"]
        authority = Path(cluster["cluster"]["certificate-authority"]).read_text()
        return self.node.run(job["spec"]["template"], account={"token": token, "ca.crt": authority, "namespace": self.namespace})

    def there(self) -> set[str]:
        """What kubectl finds of the two."""
        told = self.plane.kubectl("get", "secrets,configmaps", "-n", self.namespace, "-o", "name").split()
        return {name.partition("/")[0] for name in told if name.endswith(("/chatwoot-keys", "/chatwoot-keys-made"))}

    def delete(self, kind: str, name: str) -> None:
        self.plane.kubectl("delete", kind, name, "-n", self.namespace)


def test_keys_are_made_once_and_never_again(control_plane: ControlPlane, node: Node, tenant_id: str) -> None:
    """Each line of the table in ADR 0021."""
    keys = Keys(control_plane, node, tenant_id)
    keys.prepare()
    first = keys.run()
    assert (first.returncode, first.stdout.strip()) == (0, "The keys were made."), first.stderr
    secret = control_plane.kubectl("get", "secret", "chatwoot-keys", "-n", keys.namespace, "-o", "json")
    assert secret["immutable"] is True
    assert sorted(secret["data"]) == [
        *("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT"),
        *("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY_BASE"),
    ]
    again = keys.run()
    assert (again.returncode, again.stdout.strip()) == (0, "The keys are there.")
    # Killed between the two: what was made stays.
    keys.delete("configmap", "chatwoot-keys-made")
    between = keys.run()
    assert (between.returncode, between.stdout.strip()) == (0, "There were keys already; they stay.")
    assert control_plane.kubectl("get", "secret", "chatwoot-keys", "-n", keys.namespace, "-o", "json")["data"] == secret["data"]
    # Lost: new ones would not open what is stored.
    keys.delete("secret", "chatwoot-keys")
    lost = keys.run()
    assert lost.returncode == 1
    assert "was made once and is gone" in lost.stderr
    assert keys.there() == {"configmap"}
    # Whoever means it deletes both.
    keys.delete("configmap", "chatwoot-keys-made")
    assert keys.run().stdout.strip() == "The keys were made."


def test_redis_starts_asks_for_its_password_and_forgets_nothing(node: Node, tmp_path: Path) -> None:
    template = named("StatefulSet", "databases", "chatwoot-redis")["spec"]["template"]
    node.claims["data"] = tmp_path / "redis"
    with port_of(6379), node.started(template, "redis", "readinessProbe") as name:
        assert "NOAUTH" in docker("exec", name, "redis-cli", "get", "work")
        authenticated = ("exec", "--env", f"REDISCLI_AUTH={PASSWORDS['REDIS_PASSWORD']}", name, "redis-cli")
        assert docker(*authenticated, "set", "work", "to-do") == "OK"
        assert docker(*authenticated, "config", "get", "maxmemory-policy").split()[-1] == "noeviction"
        assert CANARY not in docker("top", name)
    with port_of(6379), node.started(template, "redis", "readinessProbe") as name:
        authenticated = ("exec", "--env", f"REDISCLI_AUTH={PASSWORDS['REDIS_PASSWORD']}", name, "redis-cli")
        assert docker(*authenticated, "get", "work") == "to-do"


@contextlib.contextmanager
def port_of(number: int) -> Iterator[None]:
    """Have a port of the host for one test; in a cluster each pod has its own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            pytest.skip(f"port {number} is somebody else's on this machine")
    yield


def free_port() -> str:
    """A port of the host that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@dataclass
class Saved:
    """A desk's PostgreSQL with something in it, and a bucket for its backups."""

    node: Node
    server: Minio
    said: Mapping[str, Any]
    database: str = ""

    def sql(self, text: str, database: str = "chatwoot_production") -> str:
        """Ask the database in its container."""
        given = ("exec", "--env", f"PGPASSWORD={PASSWORDS['POSTGRES_PASSWORD']}", self.database, "psql", "--username", "chatwoot")
        return docker(*given, "--dbname", database, "--tuples-only", "--no-align", "--command", text)

    def save(self) -> subprocess.CompletedProcess[str]:
        """Do what the CronJob does once a day."""
        (daily,) = found("CronJob", "backup", **self.said)
        return self.node.run(daily["spec"]["jobTemplate"]["spec"]["template"])

    def restic(self, *arguments: str) -> str:
        """Ask restic about the repository, as an operator would from elsewhere."""
        told = {**self.node.secrets["chatwoot-backup"], "RESTIC_REPOSITORY": f"s3:{self.server.url}/chatwoot-acme-backup"}
        settings = [part for name, value in told.items() for part in ("--env", f"{name}={value}")]
        return docker("run", "--rm", "--network", "host", *settings, "--entrypoint", "restic", self.node.image, *arguments)

    @contextlib.contextmanager
    def another(self, folder: Path) -> Iterator[Saved]:
        """Have a PostgreSQL of a cluster that has nothing of the client."""
        node = Node(folder, self.node.image, self.node.secrets, self.node.config_maps, {"data": folder / "postgres"})
        node.environment = {"PGPORT": free_port()}
        template = named("StatefulSet", "databases", "chatwoot-postgres", **self.said)["spec"]["template"]
        with node.started(template, "postgres", "readinessProbe") as database:
            yield Saved(node, self.server, self.said, database)


@pytest.fixture
def saved(node: Node, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Saved]:
    """Its MinIO is its own, for the name of the bucket is that of the role."""
    with Minio(tmp_path_factory.mktemp("backups")) as server:
        Buckets(server, tmp_path).client.make_bucket("chatwoot-acme-backup")
        keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key, "RESTIC_PASSWORD": f"{CANARY}-restic"}
        node.secrets |= {"chatwoot-backup": keys, "db": {"POSTGRES_PASSWORD": PASSWORDS["POSTGRES_PASSWORD"]}}
        node.environment = {"PGPORT": free_port()}
        said = {"files": {"endpoint": server.url}, "platform": False}
        settings = named("ConfigMap", "databases", "chatwoot-postgres", **said)
        node.config_maps["chatwoot-postgres"] = settings["data"]
        node.claims["data"] = tmp_path / "postgres"
        template = named("StatefulSet", "databases", "chatwoot-postgres", **said)["spec"]["template"]
        with node.started(template, "postgres", "readinessProbe") as database:
            # Where a backup finds it on the host's network; in the cluster that is a name.
            node.environment["PGHOST"] = "127.0.0.1"
            world = Saved(node, server, said, database)
            world.sql("CREATE TABLE conversations (id int PRIMARY KEY, said text); INSERT INTO conversations VALUES (1, 'Bonjour')")
            yield world


def test_a_backup_is_made_every_day(saved: Saved) -> None:
    """And a second one beside it; nothing of it needs root or a disk of its own, and no secret is in its log."""
    extensions = saved.sql("SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension").split()
    assert set(extensions) >= {"pg_stat_statements", "pg_trgm", "pgcrypto", "vector"}
    for number in (1, 2):
        done = saved.save()
        assert done.returncode == 0, done.stdout + done.stderr
        assert CANARY not in done.stdout + done.stderr
        assert len(json.loads(saved.restic("snapshots", "--json"))) >= 1, number


def test_the_runbook_restores_into_a_cluster_that_has_nothing(
    saved: Saved, control_plane: ControlPlane, tmp_path: Path, tenant_id: str
) -> None:
    """Its commands, word for word but for names. The lab's pods run nothing: what is done in that of PostgreSQL is done in a container."""
    done = saved.save()
    assert done.returncode == 0, done.stdout + done.stderr
    world = DeskWorld(control_plane, tmp_path, {tenant_id: managed()})
    (block,) = re.findall(r"## A restore\n.*?```sh\n(.*?)```", RUNBOOK, re.DOTALL)
    block = block.replace("ID=stark-backup", f"ID={saved.server.access_key}").replace("/chatwoot-stark-backup", "/chatwoot-acme-backup")
    block = block.replace("https://storage.example:9000", saved.server.url).replace("stark", tenant_id)
    block = block.replace("--limit", f"--inventory {world.inventory} --limit").replace("rm -r restored\n", "")
    programs = tmp_path / "bin"
    programs.mkdir()
    names = " ".join(f"--env {name}" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "RESTIC_PASSWORD"))
    in_image = f'docker run --rm --network host {names} --volume "$PWD:/here" --workdir /here --entrypoint restic {saved.node.image} "$@"'
    write_program(programs / "restic", in_image)
    with saved.another(tmp_path / "another") as other:
        other.sql("CREATE TABLE conversations (id int PRIMARY KEY, said text); INSERT INTO conversations VALUES (1, 'what was there')")
        in_pod = f'while [ "$1" != -- ]; do shift; done; shift; exec docker exec --interactive {other.database} "$@"'
        in_cluster = f'exec {find_program("kubectl")} --kubeconfig {control_plane.kubeconfig("admin")} "$@"'
        write_program(programs / "kubectl", f'case "$*" in *" exec "*) {in_pod} ;; esac\n{in_cluster}')
        environment = world.harness("chatwoot_managed").ansible.full_environment("ansible.builtin.default")
        typed = subprocess.run(
            ["bash", "-ec", block],
            cwd=tmp_path,
            env={**environment, "PATH": f"{programs}:{environment['PATH']}"},
            input=f"{saved.server.secret_key}\n{CANARY}-restic\n",
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert typed.returncode == 0, typed.stdout[-3000:] + typed.stderr[-3000:]
        assert other.sql("SELECT said FROM conversations").strip() == "Bonjour"
    kept = world.secret("chatwoot-keys", f"client-{tenant_id}")
    assert kept == PASSWORDS
    assert sorted(world.get("deployments", f"client-{tenant_id}")) == ["chatwoot-web", "chatwoot-worker"]
    # And a backup at once, as the page has it.
    now = ("create", "job", "--from=cronjob/chatwoot-backup", "chatwoot-backup-now", "-n", f"client-{tenant_id}")
    assert f"kubectl -n client-stark {' '.join(now[:4])}" in RUNBOOK
    control_plane.kubectl(*now)
    pod = world.get("jobs", f"client-{tenant_id}")["chatwoot-backup-now"]["spec"]["template"]
    assert pod["metadata"]["labels"]["app"] == "chatwoot-backup", "by which network policies know it"


def test_while_a_backup_is_restored_nothing_works_in_the_database(control_plane: ControlPlane, tmp_path: Path, tenant_id: str) -> None:
    world = DeskWorld(control_plane, tmp_path, {tenant_id: managed(chatwoot_restoring=True)})
    world.harness("chatwoot_managed").proves(changes=True)
    namespace = f"client-{tenant_id}"
    assert sorted(world.get("statefulsets", namespace)) == ["chatwoot-postgres", "chatwoot-redis"]
    assert world.get("deployments", namespace) == world.get("cronjobs", namespace) == {}
    assert [name.rpartition("-")[0] for name in world.get("jobs", namespace)] == ["chatwoot-keys"]


def write_program(path: Path, text: str) -> None:
    """Make a program of a few lines of shell."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_backup_that_cannot_be_made_fails_and_says_why(saved: Saved) -> None:
    """A storage with another key, then a database that is away: the Job fails, and its log has no secret."""
    good = dict(saved.node.secrets["chatwoot-backup"])
    saved.node.secrets["chatwoot-backup"] = {**good, "AWS_SECRET_ACCESS_KEY": f"{CANARY}-wrong"}
    refused = saved.save()
    assert refused.returncode != 0
    assert CANARY not in refused.stdout + refused.stderr
    saved.node.secrets["chatwoot-backup"] = good
    saved.node.environment["PGPORT"] = "1"
    away = saved.save()
    assert away.returncode != 0
    assert "127.0.0.1" in away.stderr
    assert CANARY not in away.stdout + away.stderr
