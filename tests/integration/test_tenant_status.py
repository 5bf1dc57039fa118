# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks tenant_status and tenant_report tell of a real control plane: at the end of the run, and as a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.kubernetes import ControlPlane
from tests.harness.ansible import Run
from tests.integration.report_page import ReportPage
from tests.integration.tenancy import PREFIX, Tenancy
from tests.integration.tenant_world import TenantWorld

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 1 + 1 }}\x1b[2J"
OVER = {"pods": "16", "requests.cpu": "500m"}

Make = Callable[..., TenantWorld]
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def make(control_plane: ControlPlane, tmp_path: Path) -> Make:
    """A world with the tenants that a test declares, and on the cluster those that it names."""

    def made(tenants: dict[str, dict[str, Any]], *, there: list[str]) -> TenantWorld:
        for name in there:
            Tenancy(control_plane, name).ok(tier=tenants[name].get("tenant_tier", "standard"), storage_class=False)
        return TenantWorld(control_plane, tmp_path, tenants)

    return made


def summary(run: Run) -> list[str]:
    """The end of the run; with JSON on stdout it is on stderr."""
    lines = run.stderr.splitlines()
    return lines[next(number for number, line in enumerate(lines) if re.match("READ|PREVIEW|APPLIED|FAILED", line)) :]


def section(run: Run, title: str) -> list[list[str]]:
    """The lines of a section of the summary, each cut where two spaces are."""
    lines = summary(run)
    start = next(number for number, line in enumerate(lines) if line.startswith(f"  {title}"))
    rest = lines[start + 1 :]
    end = next((number for number, line in enumerate(rest) if not line.startswith("    ")), len(rest))
    return [re.split(r" {2,}", line.strip()) for line in rest[:end]]


def counted(plane: ControlPlane, tenant: str, used: dict[str, str]) -> None:
    """Write what a quota's controller would have counted, so that no pod need be started; it counts again only when something changes."""
    quota = ("resourcequota", "tenant-quota", "-n", f"{PREFIX}{tenant}")
    plane.wait_for(lambda: "used" in plane.kubectl("get", *quota, "-o", "json").get("status", {}), "the quota's first count")
    plane.kubectl("patch", *quota, "--subresource=status", "--type=merge", "-p", json.dumps({"status": {"used": used}}))


def nobodys_kubeconfig(path: Path) -> dict[str, str]:
    """How a cluster is reached that does not answer."""
    cluster = {"name": "gone", "cluster": {"server": "https://127.0.0.1:1"}}
    context = {"name": "gone", "context": {"cluster": "gone", "user": "gone"}}
    user = {"name": "gone", "user": {"token": "c4nary-9d1f7a"}}
    content = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": [context], "users": [user]}
    path.write_text(json.dumps({**content, "current-context": "gone"}))
    return {"kubeconfig": str(path), "context": "gone"}


def test_one_tenant_is_told_in_full(make: Make, control_plane: ControlPlane, tenant_id: str) -> None:
    world = make({tenant_id: {}}, there=[tenant_id])
    counted(control_plane, tenant_id, OVER)
    run = world.harness("tenant_status", extra_vars={"tenant_smaller_tier": "standard"}).preview()
    assert summary(run)[0].startswith("READ: 1 tenant, in ")
    assert section(run, "Tenants (1 over its limit)") == [
        ["tenant", "tier", "state", "nearest its limit", "left", "would fit", "to standard"],
        [tenant_id, "standard", "over its limit", "pods 16 of 15 (106.7 %)", "0", "premium", "1 in the way"],
    ]
    assert ["requests.cpu", "500m", "2", "1500m", "25 %"] in section(run, f"What {tenant_id} uses")
    assert section(run, "To look at") == [[f"{tenant_id}: pods: 16 used of 15; new pods are refused"]]
    assert section(run, "In the way of standard") == [[f"{tenant_id}: pods 16 of 15 (stop pods, or lower replicas)"]]
    assert "Tenants (" not in run.stdout.partition('"custom_stats"')[0], "the tasks themselves print no table"


def test_a_cluster_is_read_once_for_all_that_are_declared(make: Make, control_plane: ControlPlane, tenant_id: str, tmp_path: Path) -> None:
    names = [f"{tenant_id}-{letter}" for letter in "abc"]
    alone, lost, wrong, far, broken = (f"{tenant_id}-{word}" for word in ("alone", "lost", "wrong", "far", "broken"))
    declared: dict[str, dict[str, Any]] = {
        **{name: {} for name in names},
        lost: {},
        # Nothing but its id and its cluster is needed of a tenant.
        alone: {"tenant_services": [{"nothing": "of sense"}], "tenant_domains": ["no domain"]},
        wrong: {"tenant_id": "Not An Id"},
        broken: {"tenant_cluster": "{{ nowhere.to.be.found }}"},
        far: {"tenant_cluster": nobodys_kubeconfig(tmp_path / "gone.kubeconfig")},
    }
    world = make(declared, there=[*names, alone])
    counted(control_plane, names[1], {"pods": "14"})
    counted(control_plane, names[2], {"pods": "15"})
    mark = world.mark()
    run = world.harness("tenant_status").preview()
    asked = [path.partition("?")[0] for _server, _verb, path in world.requests_since(mark)]
    assert sorted(asked) == ["/api/v1/namespaces", "/api/v1/resourcequotas"]

    assert {failure.host for failure in run.failures} == {wrong, far, broken}
    assert summary(run)[0].startswith("READ: 8 tenants, 3 failed, in ")
    head, *rows = section(run, "Tenants (2 not read, 1 not there, 1 nearly full, 1 filling up, 2 well)")
    assert head[:4] == ["tenant", "cluster", "tier", "state"]
    cluster = "reader.kubeconfig"
    assert [row[:4] for row in rows] == [
        ["Not An Id", cluster, "-", "not read"],
        [far, "gone", "-", "not read"],
        [lost, cluster, "-", "not there"],
        [names[2], cluster, "standard", "nearly full"],
        [names[1], cluster, "standard", "filling up"],
        [names[0], cluster, "standard", "well"],
        [alone, cluster, "standard", "well"],
    ]
    assert section(run, "To look at") == [[f"{lost}: declared, and not on the cluster; the playbook tenant makes it"]]
    assert len(section(run, "Failed")) == 3
    assert "c4nary-9d1f7a" not in run.output


def test_all_tenants_of_the_cluster(make: Make, control_plane: ControlPlane, tenant_id: str) -> None:
    stranger = f"{tenant_id}-stranger"
    Tenancy(control_plane, stranger).ok(tier="premium", storage_class=False)
    world = make({tenant_id: {}}, there=[tenant_id])
    mark = world.mark()
    run = world.harness("tenant_status", extra_vars={"tenant_status_all": True}).preview()
    assert len(world.requests_since(mark)) == 2
    fleet = next(result.content["ansible_facts"]["tenant_fleet"] for result in run.results if result.task.endswith("Gather what was read"))
    assert {tenant_id, stranger} <= {one["tenant"] for one in fleet}


def test_the_page_is_previewed_made_once_and_harmless(make: Make, control_plane: ControlPlane, tenant_id: str, tmp_path: Path) -> None:
    small, large = f"{tenant_id}-small", f"{tenant_id}-large"
    world = make({small: {}, large: {"tenant_tier": "premium"}}, there=[small, large])
    counted(control_plane, small, OVER)
    annotation = f"bluegreen.orchestrator/force-reason={HOSTILE}"
    control_plane.kubectl("annotate", "namespace", f"{PREFIX}{large}", annotation)
    folder = tmp_path / "pages"
    path = folder / "tenants.html"
    options: dict[str, Any] = {"tenant_report_path": str(path), "tenant_smaller_tier": "standard"}
    harness = world.harness("tenant_report", extra_vars=options, roots=[tmp_path / "pages"])
    proof = harness.proves(changes=True)
    assert summary(proof.preview)[0].startswith("PREVIEW (nothing was written): 0 of 2 tenants and 1 of 1 host would change, in ")
    assert section(proof.apply, "Changed") == [["localhost: Make the folder"], ["localhost: Render the page"]]
    assert section(proof.apply, "Page") == [[str(path)]]
    assert all(line.isprintable() for line in summary(proof.apply))

    page = ReportPage(path)
    assert 'lang="fr"' in page.source
    assert "1 client demande une action" in page.text
    assert page.text.index(small) < page.text.index(large), "who needs somebody comes first"
    assert "Pods\u00a0: 16 sur 15 (106,7\u00a0%)" in page.text
    assert page.tags.count("tr") == 1 + 2
    assert "Vers standard" in page.text
    assert HOSTILE.partition("\x1b")[0] in page.text, "it is shown as it is, and is no template"
    assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
    assert not [name for name, _value in page.attributes if name.startswith("on") or name in ("src", "href")]
    assert not re.search(r"https?:|url\(|@import", page.source)


def test_the_page_in_english_of_one_tenant(make: Make, tenant_id: str, tmp_path: Path) -> None:
    world = make({tenant_id: {"tenant_tier": "standard"}}, there=[tenant_id])
    path = tmp_path / "page.html"
    options = {"tenant_report_path": str(path), "tenant_report_lang": "en"}
    assert not world.harness("tenant_report", extra_vars=options).apply().failures
    page = ReportPage(path)
    assert f"<h1>{tenant_id}</h1>" in page.source
    assert "No tenant needs anything" in page.text
    # All that one tenant uses is seen at once.
    assert ("open", None) in page.attributes
    assert "Storage: 0 of 50Gi" in page.text
    # In GLOBAL conf, where such a word belongs, the other playbooks take it for no slip of the hand.
    assert not world.harness("tenant", extra_vars=options).preview().failures
    refused = world.harness("tenant_report", extra_vars={**options, "tenant_report_lang": "de"}).preview()
    assert "tenant_report_lang: de is no language of the page; write -e tenant_report_lang=fr|en." in refused.failures[0].message
