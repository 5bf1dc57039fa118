# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules with any options at all: each run ends with a result or one sentence, and shows no secret. No server is reached."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from ansible.module_utils.testing import patch_module_args
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_info, _manifests_info, _minio_info, _tenant_info
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chatwoot_args import CHATWOOT_TENANT_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._manifests import MANIFESTS_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_args import MINIO_BUCKET_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._options import ADDRESSES
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._secrets import SECRETS_SPEC
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_args import TIER_QUOTA_SPEC
from tests.fuzz import TOLD, Options, check_ended_well, options_of

CANARY = "canary-c0ffee-secret"
NOBODY = "https://127.0.0.1:9"
CLUSTER: Options = {"host": NOBODY, "token_file": "token"}
STORAGE: Options = {"endpoint": NOBODY, "access_key": "operator", "secret_key": CANARY}
DESKS: Options = {"url": NOBODY, "platform_token": CANARY, "admin_token": CANARY}
MANIFEST: Options = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": {"a": "b"}}
MODULES: dict[str, tuple[Mapping[str, Any], Options]] = {
    "minio_bucket": (MINIO_BUCKET_SPEC, {"name": "shop", **STORAGE}),
    "minio_bucket_info": (_minio_info.INFO_SPEC, STORAGE),
    "chatwoot_tenant": (CHATWOOT_TENANT_SPEC, {"tenant": "acme", "name": "Acme", **DESKS}),
    "chatwoot_tenant_info": (_chatwoot_info.INFO_SPEC, DESKS),
    "tier_quota": (TIER_QUOTA_SPEC, {"tenant": "acme", "tier": "standard", **CLUSTER}),
    "tier_quota_info": (_tenant_info.INFO_SPEC, CLUSTER),
    "kubernetes_manifests": (MANIFESTS_SPEC, {"set": "a", "manifests": [MANIFEST], **CLUSTER}),
    "kubernetes_manifests_info": (_manifests_info.INFO_SPEC, {"set": "a", "namespaces": ["b"], "kinds": ["ConfigMap"], **CLUSTER}),
    "kubernetes_secrets": (SECRETS_SPEC, {"set": "a", "namespace": "a", "secrets": {"b": {"c": CANARY}}, **CLUSTER}),
}


def unreachable(*_arguments: Any, **_options: Any) -> NoReturn:
    raise ConnectionRefusedError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that was drawn is somebody's."""
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, unreachable)
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    monkeypatch.setattr(socket, "create_connection", unreachable)


MODULE_NAMES = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins" / "modules").glob("*.py"))


def output_of(module: str, options: Options, *, check: bool) -> str:
    """What a module prints."""
    printed = io.StringIO()
    main = importlib.import_module(f"ansible_collections.bluegreen.orchestrator.plugins.modules.{module}").main
    with (
        patch_module_args({**options, **TOLD, "_ansible_check_mode": check}),
        contextlib.redirect_stdout(printed),
        pytest.raises(SystemExit),
    ):
        main()
    return printed.getvalue()


@pytest.mark.parametrize("module", MODULES)
def test_any_options_end_in_a_result_or_a_sentence(module: str, tmp_path: Path) -> None:
    spec, good = MODULES[module]
    if "token_file" in good:
        (tmp_path / "token").write_text(CANARY)
        good = {**good, "token_file": str(tmp_path / "token")}

    # The same ones each time; by hand, without derandomize and with 20,000, it looks further.
    @settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(options_of(spec), st.booleans())
    def judged(drawn: Options, check: bool) -> None:
        options = {**good, **drawn}
        output = output_of(module, options, check=check)
        assert CANARY not in output, f"{options} shows a secret: {output[:3000]}"
        check_ended_well(spec, options, json.loads(output))

    judged()


def addresses_in(spec: Mapping[str, Any]) -> Iterator[str]:
    for name, one in spec.items():
        yield from addresses_in(one.get("options", {}))
        if name.endswith(("endpoint", "host", "proxy", "url")) and one.get("type", "str") == "str":
            yield name


@pytest.mark.parametrize("module", MODULES)
def test_a_login_is_looked_for_in_every_address(module: str) -> None:
    assert set(addresses_in(MODULES[module][0])) <= set(ADDRESSES)


@pytest.mark.parametrize("module", MODULE_NAMES)
def test_a_secret_under_a_name_that_is_none_is_not_shown(module: str) -> None:
    result = json.loads(output_of(module, {"tokken": CANARY}, check=True))
    assert result["invocation"] == {"module_args": {}}
    assert CANARY not in str(result)
