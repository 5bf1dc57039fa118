# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tier_quota when things go wrong: killed, refused, overtaken, cut off; and exactly the rights that its documents name."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kubernetes import ControlPlane
from tests.harness.ansible import ROOT
from tests.integration.module_process import output_of
from tests.integration.tenancy import Tenancy, manifest
from tests.integration.test_tier_quota import SMALL

API = "ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_api"
# A run that dies right after its nth request that changes something.
DIES_AFTER = f"""
from {API} import Api
real, left = Api._ask, [%d]
def dying(self, verb, *arguments, **options):
    answer = real(self, verb, *arguments, **options)
    left[0] -= verb in ("patch", "delete")
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
Api._ask = dying
"""


@pytest.fixture
def acme(control_plane: ControlPlane, tenant_id: str) -> Tenancy:
    """A tenant that is not there yet."""
    return Tenancy(control_plane, tenant_id)


def killed(acme: Tenancy, **options: Any) -> bool:
    """Run it until its first change is made, and kill it there; whether there was anything to change."""
    done = output_of("tier_quota", acme.arguments("admin", options, check=False), before=DIES_AFTER % 1)
    assert done.stdout == "" or json.loads(done.stdout)["changed"] is False
    return not done.stdout


# Some fifteen kills, and after each of them a look and a preview: a minute at rest, three beside others.
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("before", "after"), [({"tier": "standard"}, {"tier": "premium", "sites": 2}), ({"tier": "premium", "sites": 2}, {"tier": "standard"})]
)
def test_killed_after_each_step_the_next_run_goes_on(acme: Tenancy, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Never more than the larger tier, never a label that promises what is not there yet, and in the end the same as without kills."""
    acme.ok(**before)
    acme.deploys(["api-gateway"], **SMALL)
    steps = 0
    while killed(acme, **after):
        steps += 1
        assert steps < 40
        found = {name: item for name, item in acme.namespaces().items() if item["status"]["phase"] == "Active"}
        cpu = [int(acme.hard(name).get("requests.cpu", "0")) for name in found if "tenant-quota" in acme.names("resourcequota", name)]
        assert sum(cpu) <= 6
        label = found[acme.namespace]["metadata"]["labels"]["tier"]
        left = acme.ok(user="reader", check=True, **after)["changed"]
        assert label == (before["tier"] if left else after["tier"])
    assert steps >= 3
    acme.plane.wait_for(lambda: len(acme.namespaces()) == after.get("sites", 1), "the end of the second site")
    acme.settled(**after)
    assert acme.hard()["requests.cpu"] == ("3" if after["tier"] == "premium" else "2")


def test_a_restart_of_the_api_server_in_the_middle_is_waited_for(acme: Tenancy) -> None:
    """Killed as the first change is on its way; the run waits, goes on, and says nothing of it."""
    before = f"""
from {API} import Api
real, first = Api._ask, [True]
def slow(self, verb, *arguments, **options):
    if verb == "patch" and first[0]:
        first[0] = False
        open({str(acme.plane.directory / "go")!r}, "w").close()
        __import__("time").sleep(0.5)
    return real(self, verb, *arguments, **options)
Api._ask = slow
"""
    process = acme.start(before=before, tier="standard")
    acme.plane.wait_for((acme.plane.directory / "go").exists, "the run's first change")
    acme.plane.kill_apiserver()
    time.sleep(1.0)
    acme.plane.start_apiserver()
    stdout, stderr = process.communicate(timeout=60)
    (acme.plane.directory / "go").unlink()
    result = json.loads(stdout)
    assert not result.get("failed"), (result, stderr)
    acme.settled(tier="standard")


def test_who_may_only_read_changes_nothing_and_is_told_what_is_missing(acme: Tenancy) -> None:
    mark = acme.plane.audit_mark()
    result = acme.run(user="reader", tier="standard", storage_class=False)
    assert "create Namespace" not in result["msg"]
    assert f"patch Namespace {acme.namespace}: not allowed for kubeconfig" in result["msg"]
    assert "grant the verb patch on namespaces" in result["msg"]
    assert result["msg"].endswith("Nothing was changed.")
    assert [one.status for one in acme.writes(mark)] == [403]
    assert acme.namespaces() == {}


def documented(paragraph: str) -> set[str]:
    """The resources that a note of the module's documentation names."""
    source = (ROOT / "plugins/modules/tier_quota.py").read_text()
    notes = yaml.safe_load(source.split('r"""')[1].split('"""')[0])["notes"]
    (note,) = [note for note in notes if paragraph in note]
    text = " ".join(note.split())
    names = "namespaces resourcequotas limitranges horizontalpodautoscalers networkpolicies serviceaccounts roles rolebindings deployments"
    return {name for name in (*names.split(), *LOOKED_AT, "storageclasses") if name in text}


GROUPS = {
    "horizontalpodautoscalers": "autoscaling",
    "networkpolicies": "networking.k8s.io",
    "roles": "rbac.authorization.k8s.io",
    "rolebindings": "rbac.authorization.k8s.io",
    "deployments": "apps",
    "statefulsets": "apps",
    "cronjobs": "batch",
    "storageclasses": "storage.k8s.io",
}
LOOKED_AT = {"deployments", "pods", "persistentvolumeclaims", "services", "statefulsets", "cronjobs"}


def rules(resources: set[str], verbs: list[str]) -> list[dict[str, list[str]]]:
    return [{"apiGroups": [GROUPS.get(name, "")], "resources": [name], "verbs": verbs} for name in sorted(resources)]


def test_the_documented_rights_are_enough(acme: Tenancy) -> None:
    """A user with exactly the verbs that the notes name previews, and one with those of an apply applies, prunes and removes."""
    resources = documented("A preview needs the verbs")
    assert len(resources) == 15
    reading = rules(resources, ["get", "list"])
    reader = acme.plane.add_user(f"{acme.tenant}-reader", reading)
    client = [
        {"apiGroups": [group], "resources": list(names), "verbs": ["get", "list", "watch"]}
        for group, names in (
            ("", ("events", "persistentvolumeclaims", "pods", "pods/log", "resourcequotas", "limitranges", "services")),
            ("apps", ("deployments", "replicasets", "statefulsets")),
            ("autoscaling", ("horizontalpodautoscalers",)),
            ("networking.k8s.io", ("ingresses", "networkpolicies")),
        )
    ]
    writing = rules(resources - LOOKED_AT, ["create", "patch", "delete"])
    writer = acme.plane.add_user(f"{acme.tenant}-writer", [*reading, *writing, *client])
    for options in (
        {"tier": "standard"},
        {"tier": "premium", "sites": 2},
        {"tier": "standard"},
        {"tier": "standard", "client_access": False},
    ):
        preview = acme.ok(user=reader, check=True, **options)
        assert acme.ok(user=writer, **options)["diff"] == preview["diff"]
    acme.ok(user=reader, check=True, state="absent")
    acme.ok(user=writer, state="absent")


def test_a_namespace_that_does_not_go_is_told(acme: Tenancy) -> None:
    """Somebody's finalizer keeps an object, and with it the namespace."""
    acme.ok(tier="standard")
    settings = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kept", "namespace": acme.namespace, "finalizers": ["example.com/kept"]},
    }
    acme.plane.kubectl("create", "-f", "-", stdin=settings)
    said = acme.refused(state="absent", wait_seconds=2)
    assert f"namespace {acme.namespace} is still being deleted after 2 s" in said
    for user, check in (("reader", True), ("admin", False)):
        acme.plane.wait_for(lambda: "NamespaceFinalizersRemaining" in str(acme.namespaces()), "the server's reason")
        assert "is being deleted (" in (told := acme.refused(user=user, check=check, tier="standard"))
        assert "example.com/kept" in told
    acme.plane.kubectl("patch", "configmap", "kept", "-n", acme.namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    acme.ok(state="absent")
    assert acme.namespaces() == {}


def test_a_step_that_fails_says_how_far_it_came(acme: Tenancy) -> None:
    """A server that takes everything but the LimitRange; what was done stays, and the next run finishes."""
    resources = documented("A preview needs the verbs")
    writer = acme.plane.add_user(
        f"{acme.tenant}-writer", [*rules(resources, ["get", "list"]), *rules(resources - {"limitranges"}, ["create", "patch"])]
    )
    result = acme.run(user=writer, tier="standard", client_access=False)
    assert f"patch LimitRange tenant-limits in {acme.namespace}: not allowed" in result["msg"]
    assert "steps were done and stay; run again to finish." in result["msg"]
    assert result["changed"] is True
    assert f"create ResourceQuota {acme.namespace}/tenant-quota" in result["done"]
    left = acme.ok(tier="standard", client_access=False)
    assert [action["name"] for action in left["actions"]] == [f"LimitRange {acme.namespace}/tenant-limits"]
    acme.settled(tier="standard", client_access=False)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []
        threading.Thread(target=lambda: kept.append(server.accept()[0]), daemon=True).start()
        yield server.getsockname()[1]
        for connection in kept:
            connection.close()


def test_every_way_of_not_being_let_in_has_its_sentence(acme: Tenancy, silent: int, tmp_path: Path) -> None:
    canary = "canary-c0ffee-0451"
    wrong = tmp_path / "wrong"
    wrong.write_text(canary)
    good = tmp_path / "good"
    good.write_text(acme.plane.token("reader"))
    url, ca = acme.plane.url, str(acme.plane.ca_file)
    direct = {"kubeconfig": None, "tier": "standard", "token_file": str(good), "ca_cert": ca, "request_timeout": 1}
    assert acme.ok(check=True, host=url, **direct)["changed"]
    assert "does not accept the credentials of token_file" in acme.refused(check=True, host=url, **{**direct, "token_file": str(wrong)})
    assert "shows a certificate that is not trusted" in acme.refused(check=True, host=url, **{**direct, "ca_cert": None})
    assert acme.ok(check=True, host=url, **{**direct, "ca_cert": None, "validate_certs": False})["changed"]
    assert "refuses connections" in acme.refused(check=True, host="https://127.0.0.1:1", **direct)
    assert "did not answer within 1 s" in acme.refused(check=True, host=f"https://127.0.0.1:{silent}", **direct)
    assert "is no file" in acme.refused(check=True, kubeconfig="/nowhere/config", tier="standard")
    config = yaml.safe_load(acme.plane.kubeconfig("reader").read_text())
    config["users"][0]["user"] = {"token": canary}
    bad = tmp_path / "config"
    bad.write_text(yaml.safe_dump(config))
    assert "does not accept the credentials of kubeconfig" in acme.refused(check=True, kubeconfig=str(bad), tier="standard")
    assert "cannot be used" in acme.refused(check=True, context="nowhere", tier="standard")
    assert canary not in json.dumps(acme.run(tier="standard", token_file=str(wrong)))
    assert canary not in json.dumps(acme.run(tier="standard", kubeconfig=str(bad)))


def test_two_runs_at_once_end_in_one_envelope(acme: Tenancy) -> None:
    running = [acme.start(tier="standard") for _ in range(3)]
    results = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    # Two of them may create the same thing at the same moment: the server tells one of them, and nothing is lost.
    assert [result["msg"] for result in results if result.get("failed") and "run again" not in result["msg"]] == []
    acme.ok(tier="standard")
    acme.settled(tier="standard")


def test_a_clock_that_is_an_hour_off_changes_nothing(acme: Tenancy) -> None:
    before = "import time\nreal = time.time\ntime.time = lambda: real() + 3600\n"
    acme.ok(before=before, tier="standard")
    acme.settled(tier="standard")


def test_a_service_that_somebody_else_scales_keeps_its_autoscaler(acme: Tenancy) -> None:
    acme.ok(tier="premium")
    acme.plane.kubectl("apply", "-f", "-", stdin=manifest("api-gateway", acme.namespace, **SMALL))
    acme.plane.kubectl("autoscale", "deployment", "api-gateway", "--name=theirs", "--min=1", "--max=2", "-n", acme.namespace)
    result = acme.ok(tier="premium")
    assert not result["changed"]
    assert "is scaled by HorizontalPodAutoscaler theirs, which is not ours" in result["warnings"][0]
    assert acme.names("hpa") == ["theirs"]
