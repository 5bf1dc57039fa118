# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tier_quota: what cannot work is one sentence, before anything is asked of a cluster."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.tiers.common import PORTS_IN, PORTS_OUT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import access, opened, source_of
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import (
    TIER_QUOTA_SPEC,
    check_tenant,
    labels_of,
    wish_of,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_extras import database_namespace
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_objects import Envelope, namespace
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_parts import PARTS
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tier import effective_tier


def params(**options: Any) -> dict[str, Any]:
    """Options as the module gets them, valid but for what is given."""
    checked = ArgumentSpecValidator(TIER_QUOTA_SPEC).validate({"tenant": "acme", "tier": "standard", **options})
    assert not checked.errors.errors, checked.errors.msg
    found: dict[str, Any] = checked.validated_parameters
    return found


BAD: list[tuple[dict[str, Any], str]] = [
    ({"tenant": "Acme"}, "tenant: 'Acme' is no DNS label; use lower-case"),
    ({"tenant": "acme\n"}, r"tenant: 'acme\\n' is no DNS label"),
    ({"tenant": ""}, "tenant: '' is no DNS label"),
    ({"tenant": "-acme"}, "is no DNS label"),
    ({"tenant": "a" * 37}, "has 37 letters, and what is named after it leaves room for 36; choose a shorter id"),
    ({"tenant": "acme-site-2"}, "ends like a namespace of another tenant"),
    ({"tenant": "acme-database"}, "ends like a namespace of another tenant"),
    ({"tier": None}, "tier: not given; name what the tenant has bought"),
    ({"tier": "gold"}, "gold"),
    ({"custom": {"quota": {"pods": 20}}}, "custom"),
    ({"tier": "business", "custom": {"quota": {"requests.cpu": "6"}}}, "requests.cpu"),
    ({"tier": "business", "custom": {"quota": {"requests.cpu": "many"}}}, "many"),
    ({"namespace_prefix": "Tenant-"}, "namespace_prefix: 'Tenant-' cannot begin a namespace"),
    ({"namespace_prefix": "shop_"}, "namespace_prefix: 'shop_' cannot begin a namespace"),
    ({"sites": 0}, "sites: 0 is no number of sites"),
    ({"sites": 2, "site_shares": [1]}, r"site_shares: \[1\] are not 2 numbers"),
    ({"sites": 2, "site_shares": [1, 0]}, r"site_shares: \[1, 0\] are not 2 numbers"),
    ({"wait_seconds": -1}, "wait_seconds: -1 is no time to wait; give 0 and more"),
    ({"ingress_ports": [0]}, "ingress_ports: 0 is no port"),
    ({"storage_provisioner": "Bad Provisioner!"}, "storage_provisioner: 'Bad Provisioner!' is no name of a CSI driver"),
    ({"storage_provisioner": ""}, "storage_provisioner: '' is no name of a CSI driver"),
    ({"egress_ports": [65536]}, "egress_ports: 65536 is no port"),
    ({"egress_outside_ports": [0]}, "egress_outside_ports: 0 is no port"),
    ({"ingress_namespaces": ["Traefik"]}, "ingress_namespaces: 'Traefik' is no name of Kubernetes"),
    ({"force": True}, "reason: not given, and force needs one"),
    ({"force": True, "reason": "  "}, "reason: not given, and force needs one"),
    ({"force": True, "reason": "x" * 501}, "reason: 501 letters are too many"),
    ({"services": [{"name": "web", "site": 2}]}, "services.site: web is to run on site 2, and there are 1"),
    ({"services": [{"name": "web", "site": 0}]}, "services.site: web is to run on site 0, and there are 1"),
    ({"services": [{"name": "web", "replicas": -1}]}, "services.replicas: -1 of web is no number of pods"),
    ({"services": [{"name": "web", "requests": {"cpu": "a lot"}}]}, "services.requests.cpu: 'a lot'"),
    (
        {"usage": {"buckets": {"prod": "1GB"}}},
        "usage.buckets: 'prod' is no bucket of the tier standard; there are products, sav, newsletters",
    ),
    ({"namespace_labels": {"a b": "c"}}, "namespace_labels: 'a b' cannot name a label"),
    ({"namespace_labels": {"A.example/team": "c"}}, "namespace_labels: 'A.example/team' cannot name a label"),
    ({"namespace_labels": {"/team": "c"}}, "namespace_labels: '/team' cannot name a label"),
    ({"namespace_labels": {"a" * 64: "c"}}, "cannot name a label; use up to 63"),
    ({"namespace_labels": {"team": "x y"}}, "namespace_labels: 'x y', the value of team, is no label value"),
    ({"namespace_labels": {"team": True}}, "namespace_labels: the value of team is no text; put it in quotes"),
    *(
        ({"namespace_labels": {name: "x"}}, f"namespace_labels: the label {name} says what the tenant is or may")
        for name in (
            "tenant",
            "tier",
            "type",
            "site",
            "app.kubernetes.io/managed-by",
            "bluegreen.orchestrator/set",
            "kubernetes.io/metadata.name",
            "pod-security.kubernetes.io/enforce",
            "pod-security.kubernetes.io/enforce-version",
        )
    ),
    ({"usage": {"products": -1}}, "usage.products: -1 cannot be counted"),
    ({"usage": {"buckets": {"sav": "huge"}}}, "usage.buckets.sav: 'huge'"),
]


@pytest.mark.parametrize(("options", "sentence"), BAD, ids=[f"{sorted(options)}-{number}" for number, (options, _) in enumerate(BAD)])
def test_what_cannot_work_is_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        wish_of(params(**options))
    assert "\n" not in caught.value.sentence


def test_every_label_of_ours_is_refused() -> None:
    for key in namespace(wish_of(params()).envelope, 1)["metadata"]["labels"]:
        with pytest.raises(InputError, match="says what the tenant is or may"):
            labels_of({key: "x"}, "namespace_labels")


def test_what_is_asked_for() -> None:
    wish = wish_of(
        params(
            tier="business",
            custom={"quota": {"requests.cpu": "16"}},
            sites=2,
            site_shares=[3, 1],
            services=[{"name": "web", "replicas": 2, "requests": {"cpu": "100m"}}],
            namespace_labels={"team": "a.B_c-1", "acme.example/cost-centre": 7, "empty": ""},
            usage={"products": 7, "buckets": {"sav": "1GB"}},
            storage_class=False,
            force=True,
            reason=" the   client asked ",
        )
    )
    assert wish.envelope.namespaces() == {1: "e-commerce-tenant-acme", 2: "e-commerce-tenant-acme-site-2"}
    assert [part["requests.cpu"] for part in wish.envelope.quotas().values()] == [12000, 4000]
    (service,) = wish.services
    assert service.pod["requests.cpu"] == 100
    assert service.pod["limits.cpu"] == wish.envelope.tier["resources"]["limits"]["cpu"]
    assert service.pod["pods"] == 1
    assert wish.envelope.labels == {"team": "a.B_c-1", "acme.example/cost-centre": "7", "empty": ""}
    assert wish.usage == {"products": 7, "bucket sav": 10**9}
    assert wish.envelope.storage_provisioner is None
    assert wish.reason == "the client asked"


def test_what_is_not_said_is_what_the_envelope_has_by_itself() -> None:
    """The options and the envelope both have defaults, and the ports are the catalog's."""
    wish = wish_of(params())
    assert wish.envelope == Envelope("acme", effective_tier("standard"))
    assert (wish.envelope.ingress_ports, wish.envelope.egress_ports) == (PORTS_IN, PORTS_OUT)
    refusing = (wish.take_over, wish.delete_data, wish.reason, wish.validate_on_server)
    assert (*refusing, wish.state, wish.usage, wish.services) == (False, False, None, False, "present", {}, ())


def test_everything_that_is_said_reaches_the_envelope() -> None:
    wish = wish_of(
        params(
            namespace_prefix="eu-",
            ingress_namespaces=["edge"],
            ingress_app="front",
            ingress_ports=[8080],
            egress_ports=[],
            storage_provisioner="csi.example",
            client_access=False,
            namespace_labels={"team": 5},
            services=[{"name": "web"}],
            services_set="shop",
            take_over=True,
            delete_data=True,
            validate="server",
            wait_seconds=7,
            usage={"products": 0},
        )
    )
    assert wish.envelope == Envelope(
        "acme",
        effective_tier("standard"),
        prefix="eu-",
        ingress_namespaces=("edge",),
        ingress_app="front",
        ingress_ports=(8080,),
        egress_ports=(),
        storage_provisioner="csi.example",
        client_access=False,
        services_set="shop",
        services=((1, "web"),),
        labels={"team": "5"},
    )
    assert (wish.take_over, wish.delete_data, wish.validate_on_server, wish.wait_seconds, wish.usage) == (
        True,
        True,
        True,
        7,
        {"products": 0},
    )


def test_a_reason_alone_forces_nothing() -> None:
    assert wish_of(params(reason="just in case")).reason is None


def test_absent_needs_no_tier_and_asks_nothing_of_what_was_agreed_on() -> None:
    """A tenant that leaves may have custom values that its tier does not take any more."""
    assert wish_of(params(state="absent", tier=None)).state == "absent"
    assert wish_of(params(state="absent", tier="standard", custom={"sites": 3})).state == "absent"


SOURCES: list[tuple[dict[str, Any], str]] = [
    ({}, "kubeconfig"),
    ({"kubeconfig": "/k", "token_file": "/t"}, "kubeconfig"),
    ({"host": "https://a", "token_file": "/t"}, "host"),
    ({"in_cluster": True}, "in_cluster"),
]


@pytest.mark.parametrize(("options", "source"), SOURCES)
def test_where_the_credentials_come_from(options: dict[str, Any], source: str) -> None:
    assert source_of(params(**options)) == source


NO_ACCESS: list[tuple[dict[str, Any], str]] = [
    ({"in_cluster": True, "context": "c"}, "in_cluster: context is given too"),
    ({"host": "https://a", "kubeconfig": "/k"}, "host: kubeconfig is given too"),
    ({"host": "https://a"}, "token_file: not given, and with host"),
    ({"host": "a:6443", "token_file": "/t"}, "host: 'a:6443' is not an http"),
    ({"kubeconfig": "/nowhere/config"}, "kubeconfig: '/nowhere/config' is no file"),
    ({"host": "https://a", "token_file": "/nowhere/token"}, "token_file: '/nowhere/token' cannot be read"),
    ({"ca_cert": "/nowhere/ca"}, "ca_cert: '/nowhere/ca' cannot be read"),
    ({"in_cluster": True}, "in_cluster: true, but this is no pod"),
    ({"request_timeout": 0}, "request_timeout: 0 is no time to wait"),
    ({"proxy": "http://user:canary-c0ffee@proxy:3128"}, "proxy: it carries a user or password"),
    ({"proxy": "socks5://proxy:1080"}, "proxy: 'socks5://proxy:1080' is not an http"),
]


@pytest.mark.parametrize(("options", "sentence"), NO_ACCESS)
def test_no_way_in_is_a_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        access(params(**options))
    assert "canary" not in caught.value.sentence


@pytest.mark.parametrize("content", ["canary-c0ffee two words", "", "canary-c0ffee\x00"])
def test_a_token_file_that_holds_no_token(tmp_path: Any, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    with pytest.raises(InputError, match="holds no token") as caught:
        access(params(host="https://127.0.0.1:1", token_file=str(path)))
    assert "canary" not in str(caught.value.sentence)


@pytest.mark.parametrize("content", ["users: [{name: canary-c0ffee", "{}", "canary-c0ffee", "a: 1\nusers: canary-c0ffee"])
def test_a_kubeconfig_that_is_none_is_not_quoted(tmp_path: Any, content: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(InputError, match="cannot be used") as caught:
        access(params(kubeconfig=str(path)))
    assert "canary" not in str(caught.value.sentence)


def kubeconfig(user: dict[str, Any]) -> str:
    """A kubeconfig with one user."""
    cluster = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
    whole = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": [context], "current-context": "x"}
    return json.dumps({**whole, "users": [{"name": "u", "user": user}]})


def test_an_exec_plugin_that_fails_is_told_and_not_quoted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", "echo canary-c0ffee >&2; exit 1"]}
    path = tmp_path / "config"
    path.write_text(kubeconfig({"exec": {**plugin, "interactiveMode": "Never"}}))
    with pytest.raises(InputError, match="gives no credentials; its exec plugin fails or its user has none") as caught:
        access(params(kubeconfig=str(path)))
    assert "canary" not in caught.value.sentence + "".join(capfd.readouterr())


def test_no_key_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client writes keys of a kubeconfig into files; they are gone when the work is done, not when the process ends."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    key = base64.b64encode(b"canary-c0ffee").decode()
    path = tmp_path / "config"
    path.write_text(kubeconfig({"client-certificate-data": key, "client-key-data": key}))

    def left() -> list[Path]:
        return [file for file in (tmp_path / "temp").rglob("*") if file.is_file()]

    with opened(params(kubeconfig=str(path))):
        assert left()
    assert left() == []


@pytest.mark.parametrize(("prefix", "longest"), [("e-commerce-tenant-", 36), ("shop-", 47), ("", 47), ("x" * 53, 1)])
def test_every_name_that_is_made_of_an_id_fits(prefix: str, longest: int) -> None:
    """Its namespaces, that of its database too, and its sets, whose names are labels."""
    check_tenant("a" * longest, prefix)
    envelope = Envelope("a" * longest, effective_tier("business"), 99, (1,) * 99, prefix)
    names = [*envelope.namespaces().values(), database_namespace(envelope), *(f"tenant-{envelope.tenant}-{part}" for part in PARTS)]
    assert max(map(len, names)) == 63
    with pytest.raises(InputError, match=f"has {longest + 1} letters, and what is named after it leaves room for {longest}; choose"):
        check_tenant("a" * (longest + 1), prefix)
