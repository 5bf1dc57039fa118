# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Kubernetes is a real one: what it refuses, what it rolls out, and who may do what."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane, programs
from lab.server import ROOT, LabError

POD_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "create"]}]


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def settings(name: str, within: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": within}, "data": {"colour": "blue"}}


def pod(name: str, within: str, **more: Any) -> dict[str, Any]:
    container = {"name": "site", "image": "nginx:1.29", **more}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": within}, "spec": {"containers": [container]}}


@pytest.fixture
def tenant(control_plane: ControlPlane, tenant_id: str) -> str:
    """A namespace of this test's own, in which a pod is accepted."""
    control_plane.kubectl("create", "-f", "-", stdin=namespace(tenant_id))
    path = f"/api/v1/namespaces/{tenant_id}/serviceaccounts/default"
    control_plane.wait_for(lambda: control_plane.request("GET", path).status == 200, "the namespace's service account")
    return tenant_id


def test_it_is_the_kubernetes_that_was_built(control_plane: ControlPlane) -> None:
    """Server and client tell the version of go.mod, and the nodes are there."""
    told = control_plane.kubectl("version", "-o", "json")
    assert told["serverVersion"]["gitVersion"].startswith("v1.")
    assert told["serverVersion"]["gitVersion"] == control_plane.version
    assert told["serverVersion"]["gitVersion"] == told["clientVersion"]["gitVersion"]
    nodes = control_plane.kubectl("get", "nodes", "-o", "json", user="reader")["items"]
    assert [item["metadata"]["name"] for item in nodes] == ["lab-node-1", "lab-node-2"]


def test_quota_refuses_the_second_service(control_plane: ControlPlane, tenant: str) -> None:
    """Admission counts, and the controllers write down what is used."""
    base = f"/api/v1/namespaces/{tenant}"
    quota = {"metadata": {"name": "tier"}, "spec": {"hard": {"services": "1", "requests.cpu": "2"}}}
    assert control_plane.request("POST", f"{base}/resourcequotas", quota).status == 201
    control_plane.wait_for(
        lambda: "used" in control_plane.request("GET", f"{base}/resourcequotas/tier").body["status"], "the quota's first count"
    )

    def service(name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"ports": [{"port": 80}], "selector": {"app": name}}}

    assert control_plane.request("POST", f"{base}/services", service("first")).status == 201
    refused = control_plane.request("POST", f"{base}/services", service("second"))
    assert refused.status == 403
    assert "exceeded quota: tier, requested: services=1, used: services=1, limited: services=1" in refused.body["message"]
    assert control_plane.kubectl("get", "quota", "tier", "-n", tenant, "-o", "json")["status"]["used"]["services"] == "1"


def test_pod_security_refuses_with_its_reasons(control_plane: ControlPlane, tenant: str) -> None:
    """A namespace that is labelled restricted takes no pod that may become root."""
    control_plane.kubectl("label", "namespace", tenant, "pod-security.kubernetes.io/enforce=restricted")
    refused = control_plane.request("POST", f"/api/v1/namespaces/{tenant}/pods", pod("site", tenant))
    assert refused.status == 403
    for reason in ('violates PodSecurity "restricted:latest"', "allowPrivilegeEscalation != false", "runAsNonRoot != true"):
        assert reason in refused.body["message"]


def test_limit_range_fills_in_what_a_pod_leaves_out(control_plane: ControlPlane, tenant: str) -> None:
    """And refuses what is over its maximum."""
    limits = [{"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}, "max": {"cpu": "1"}}]
    base = f"/api/v1/namespaces/{tenant}"
    assert control_plane.request("POST", f"{base}/limitranges", {"metadata": {"name": "tier"}, "spec": {"limits": limits}}).status == 201
    made = control_plane.request("POST", f"{base}/pods", pod("small", tenant))
    assert made.body["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}
    refused = control_plane.request("POST", f"{base}/pods", pod("big", tenant, resources={"limits": {"cpu": "2"}}))
    assert (refused.status, "maximum cpu usage per Container is 1" in refused.body["message"]) == (403, True)


def test_deployment_rolls_out(control_plane: ControlPlane, tenant: str) -> None:
    """Controllers make the pods, the scheduler gives them nodes, and kwok calls them Ready; the next version replaces them."""
    labels = {"app": "site"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "site", "image": "nginx:1.28"}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "site", "namespace": tenant},
        "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": template},
    }
    control_plane.kubectl("apply", "-f", "-", stdin=deployment)
    control_plane.kubectl("rollout", "status", "deployment/site", "-n", tenant, "--timeout=30s")
    control_plane.kubectl("set", "image", "deployment/site", "site=nginx:1.29", "-n", tenant)
    control_plane.kubectl("rollout", "status", "deployment/site", "-n", tenant, "--timeout=30s")
    pods = control_plane.kubectl("get", "pods", "-n", tenant, "-o", "json", "--field-selector=status.phase=Running")["items"]
    alive = [item for item in pods if "deletionTimestamp" not in item["metadata"]]
    assert [item["spec"]["containers"][0]["image"] for item in alive] == ["nginx:1.29"] * 3
    assert {item["spec"]["nodeName"] for item in alive} <= {"lab-node-1", "lab-node-2"}


def test_job_completes(control_plane: ControlPlane, tenant: str) -> None:
    """A pod that is to end does."""
    control_plane.kubectl("create", "job", "backup", "-n", tenant, "--image=restic:0.14")
    control_plane.kubectl("wait", "--for=condition=Complete", "job/backup", "-n", tenant, "--timeout=30s")


def test_reader_reads_everything_and_writes_nothing(control_plane: ControlPlane, tenant: str) -> None:
    """What a preview is run with."""
    base = f"/api/v1/namespaces/{tenant}"
    path = f"{base}/configmaps"
    assert control_plane.request("POST", path, settings("site", tenant)).status == 201
    assert control_plane.request("GET", f"{path}/site", user="reader").body["data"] == {"colour": "blue"}
    assert control_plane.request("GET", f"{base}/secrets", user="reader").status == 200
    patch = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"colour": "green"}}
    answers = {
        "POST": control_plane.request("POST", path, settings("other", tenant), user="reader"),
        "DELETE": control_plane.request("DELETE", f"{path}/site", user="reader"),
        "PATCH": control_plane.request("PATCH", f"{path}/site?fieldManager=x", patch, user="reader", kind="application/apply-patch+yaml"),
        "dry run": control_plane.request("POST", f"{path}?dryRun=All", settings("other", tenant), user="reader"),
        "watch": control_plane.request("GET", f"{path}?watch=true&timeoutSeconds=1", user="reader"),
    }
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    with pytest.raises(LabError, match=r'User "reader" cannot create resource "namespaces"'):
        control_plane.kubectl("create", "namespace", f"{tenant}-x", user="reader")


def test_user_of_a_test_sees_its_namespace_only(control_plane: ControlPlane, tenant: str) -> None:
    """Exactly what it was granted, at once; and what it is granted later, too."""
    user = control_plane.add_user(tenant, POD_RULES, namespaces=[tenant])
    base = f"/api/v1/namespaces/{tenant}"
    assert control_plane.request("POST", f"{base}/pods", pod("site", tenant), user=user).status == 201
    assert control_plane.kubectl("get", "pods", "-n", tenant, "-o", "name", user=user).split() == ["pod/site"]
    refused = [f"{base}/configmaps", f"{base}/secrets", "/api/v1/namespaces/default/pods", "/api/v1/pods", "/api/v1/namespaces"]
    assert [control_plane.request("GET", path, user=user).status for path in refused] == [403] * 5
    assert control_plane.request("DELETE", f"{base}/pods/site", user=user).status == 403
    control_plane.grant(user, [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}])
    assert control_plane.request("GET", "/api/v1/namespaces/default/configmaps", user=user).status == 200
    assert control_plane.request("GET", f"{base}/configmaps/kube-root-ca.crt", user=user).status == 403


def test_user_that_nobody_made_is_refused(control_plane: ControlPlane) -> None:
    """A typing error in a test is told, with the users that there are."""
    with pytest.raises(LabError, match=r"has no user 'raeder'\. There are: admin, "):
        control_plane.token("raeder")


def test_tokens_are_for_their_owner_only(control_plane: ControlPlane) -> None:
    """No token on a command line, nor in a file that others can read."""
    files = [control_plane.users.tokens_file, control_plane.kubeconfig("admin"), control_plane.kubeconfig("reader")]
    assert [stat.S_IMODE(os.stat(file).st_mode) for file in files] == [0o600] * 3
    command_lines = "".join(" ".join(server.command()) for server in control_plane.servers)
    assert control_plane.token("admin") not in command_lines
    assert control_plane.token("reader") not in command_lines


def test_server_knows_who_asked_for_what(control_plane: ControlPlane, tenant: str) -> None:
    """The audit log is an independent witness of what a run did."""
    path = f"/api/v1/namespaces/{tenant}/pods"
    user = control_plane.add_user(tenant, POD_RULES, namespaces=[tenant])
    mark = control_plane.audit_mark()
    control_plane.request("GET", path, user="reader")
    control_plane.request("DELETE", f"{path}/site", user=user)
    asked = control_plane.requests_since(mark)
    account = f"system:serviceaccount:lab-users:{user}"
    assert {("reader", "list", path, 200), (account, "delete", f"{path}/site", 403)} <= set(asked)
    assert control_plane.requests_since(mark, user=user) == [(account, "delete", f"{path}/site", 403)]


def test_published_definitions_judge_a_manifest(control_plane: ControlPlane, tenant: str) -> None:
    """Every project's are Established, and a middleware that the real schema does not know is refused."""
    names = control_plane.apply_crds("traefik", "prometheus-operator", "argo-cd", "cert-manager")
    expected = {
        "middlewares.traefik.io",
        "ingressroutes.traefik.io",
        "servicemonitors.monitoring.coreos.com",
        "prometheusrules.monitoring.coreos.com",
        "applicationsets.argoproj.io",
        "certificates.cert-manager.io",
    }
    assert expected <= set(names)
    path = f"/apis/traefik.io/v1alpha1/namespaces/{tenant}/middlewares?fieldValidation=Strict"

    def middleware(**spec: Any) -> dict[str, Any]:
        return {"apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "rate"}, "spec": {"rateLimit": spec}}

    refused = control_plane.request("POST", path, middleware(average=50, bursts=100))
    assert (refused.status, 'unknown field "spec.rateLimit.bursts"' in refused.body["message"]) == (400, True)
    assert control_plane.request("POST", path, middleware(average=50, burst=100)).status == 201
    assert control_plane.apply_crds("traefik") == [name for name in names if name.endswith(".traefik.io")]
    with pytest.raises(LabError, match=r"no custom resource definitions called 'trafik'\. There are: argo-cd, "):
        control_plane.apply_crds("trafik")


def crash_in_the_middle_of_a_line(plane: ControlPlane) -> None:
    """What a reader may meet at the end of the audit log stays there after a crash; the next one does not go on with it."""
    path = "/api/v1/namespaces/default/configmaps/after"
    plane.kill_apiserver()
    with pytest.raises(OSError, match="refused"):
        plane.request("GET", path)
    mark = plane.audit_mark()
    with open(plane.apiserver.audit_log, "a") as log:
        log.write('{"kind": "Event", "half a li')
    assert plane.audit_mark() == mark
    assert plane.requests_since(mark) == []
    plane.start_apiserver()
    plane.request("GET", path, user="reader")
    assert plane.requests_since(mark, user="reader") == [("reader", "get", path, 404)]


def test_second_one_restarts_and_crashes(control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the first, which sees nothing of it. The same port, data and users after a restart and a crash, and the controllers go on."""
    path = "/api/v1/namespaces/default/configmaps"
    times = []

    def timed(what: str, act: Callable[[], object]) -> None:
        begun = time.monotonic()
        act()
        times.append(f"{what} {time.monotonic() - begun:.1f} s")

    second = ControlPlane(tmp_path)
    timed("start", second.start)
    try:
        processes = [server.pid for server in second.servers]
        user = second.add_user("tenant", POD_RULES, namespaces=["default"])
        assert second.request("POST", path, settings("only-here", "default")).status == 201
        assert control_plane.request("GET", f"{path}/only-here").status == 404
        timed("restart", second.restart_apiserver)
        assert second.request("GET", f"{path}/only-here", user="reader").body["data"] == {"colour": "blue"}
        timed("crash and start", partial(crash_in_the_middle_of_a_line, second))
        assert second.request("GET", "/api/v1/namespaces/default/pods", user=user).status == 200
        second.kubectl("create", "deployment", "site", "--image=nginx:1.29")
        second.kubectl("rollout", "status", "deployment/site", "--timeout=60s")
    finally:
        timed("stop", second.stop)
    assert not [pid for pid in processes if os.path.exists(f"/proc/{pid}")]
    with capsys.disabled():
        print(f"\n  a control plane: {', '.join(times)}")


def test_assets_are_what_runs_and_their_version_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    """From a folder of programs of which go.mod knows nothing; a person starts it, and is told which Kubernetes it is."""
    started, assets, directory = tmp_path / "started", tmp_path / "assets", tmp_path / "plane"
    assets.mkdir()
    for name in programs.CONTROL_PLANE:
        (assets / name).write_text(f'#!/bin/sh\necho {name} >> {started}\nexec {programs.find(name)} "$@"\n')
        (assets / name).chmod(0o755)
    code = "from lab.kubernetes import __main__, programs; programs.version = lambda: 'v1.0.0'; __main__.main()"
    environment = {**os.environ, "KUBEBUILDER_ASSETS": str(assets), "PYTHONPATH": str(ROOT)}

    def lab(what: str, *options: str) -> str:
        command = [sys.executable, "-c", code, what, str(directory), *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=True).stdout

    try:
        said = lab("start", "--crds", "")
    finally:
        ended = lab("stop")
    assert ended == "5 processes stopped.\n"
    assert sorted(started.read_text().split()) == sorted(set(programs.CONTROL_PLANE) - {"kubectl"})
    assert f"The lab's Kubernetes {control_plane.version} is up, after" in said
    assert f"{assets}/kubectl get nodes" in said


def test_kubectl_decodes_json_only_where_it_was_asked_for(control_plane: ControlPlane) -> None:
    """Text stays text."""
    text = control_plane.kubectl("get", "namespace", "default", "-o", "name")
    assert text == "namespace/default\n"
    assert control_plane.kubectl("get", "namespace", "default", "-ojson")["metadata"]["name"] == "default"
    assert json.loads(control_plane.kubectl("get", "--raw", "/version"))["major"] == "1"
