# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an API server is reached: which credentials win, what is checked, and what nobody gets to read."""

from __future__ import annotations

import base64
import logging
import ssl
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import urllib3

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import Access, access, source_of
from tests.unit.plugins.module_utils.test_tenant_args import kubeconfig, params

CANARY = "canary-c0ffee-0451"
KEY = base64.b64encode(b"key").decode()
HOST = {"host": "https://127.0.0.1:1", "token_file": "token", "ca_cert": None}


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without anything, with a token in a file."""
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("from-the-file\n")


def written(name: str, user: dict[str, Any]) -> str:
    """A kubeconfig with one user."""
    Path(name).write_text(kubeconfig(user))
    return name


def reached(**options: Any) -> tuple[Access, dict[str, Any]]:
    """An access and what its pool is told."""
    found = access(params(**options))
    return found, found.pool.connection_pool_kw


def test_certificates_are_checked_unless_that_is_turned_off() -> None:
    found, pool = reached(**HOST)
    assert (pool["cert_reqs"], pool["ca_certs"], found.headers["Authorization"]) == (ssl.CERT_REQUIRED, None, "Bearer from-the-file")
    assert (found.host, found.who) == ("https://127.0.0.1:1", "token_file token")
    _found, pool = reached(**{**HOST, "ca_cert": "token"})
    assert (pool["cert_reqs"], pool["ca_certs"]) == (ssl.CERT_REQUIRED, "token")
    _found, pool = reached(**HOST, validate_certs=False)
    assert pool["cert_reqs"] == ssl.CERT_NONE


def test_a_proxy_is_used_and_a_slash_too_much_is_not() -> None:
    found, _pool = reached(**{**HOST, "host": "https://127.0.0.1:1/"}, proxy="http://proxy.example:3128")
    assert isinstance(found.pool, urllib3.ProxyManager)
    assert found.pool.proxy is not None
    assert (found.pool.proxy.url, found.host) == ("http://proxy.example:3128", "https://127.0.0.1:1")
    assert not isinstance(reached(**HOST)[0].pool, urllib3.ProxyManager)


USERS: list[tuple[dict[str, Any], str | None, bool]] = [
    ({"token": "own"}, "Bearer own", False),
    ({"username": "ann", "password": "own"}, f"Basic {base64.b64encode(b'ann:own').decode()}", False),
    ({"client-certificate-data": KEY, "client-key-data": KEY}, None, True),
]


@pytest.mark.parametrize(("user", "header", "certificate"), USERS)
def test_what_a_kubeconfig_lets_in(user: dict[str, Any], header: str | None, certificate: bool) -> None:
    found, pool = reached(kubeconfig=written("config", user))
    assert (found.headers.get("Authorization"), bool(pool["cert_file"] and pool["key_file"])) == (header, certificate)
    assert found.who == "kubeconfig config"


def test_a_token_file_wins_over_a_client_certificate() -> None:
    """A server would look at the certificate first."""
    path = written("config", {"client-certificate-data": KEY, "client-key-data": KEY})
    found, pool = reached(kubeconfig=path, token_file="token")
    assert (found.headers["Authorization"], pool["cert_file"], pool["key_file"]) == ("Bearer from-the-file", None, None)
    assert found.who == "token_file token"


def test_where_a_kubeconfig_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^kubeconfig: '.*/\.kube/config' is no file"):
        reached()
    Path(".kube").mkdir()
    written(".kube/config", {"token": "of-the-home"})
    assert reached()[0].headers["Authorization"] == "Bearer of-the-home"
    monkeypatch.setenv("KUBECONFIG", written("named", {"token": "of-the-environment"}))
    assert reached()[0].headers["Authorization"] == "Bearer of-the-environment"
    assert reached(kubeconfig=written("given", {"token": "given"}))[0].headers["Authorization"] == "Bearer given"
    monkeypatch.setenv("KUBECONFIG", "/nowhere/config")
    with pytest.raises(InputError, match=r"^KUBECONFIG: '/nowhere/config' is no file"):
        reached()


def test_the_context_that_was_asked_for() -> None:
    path = written("config", {"token": "own"})
    assert reached(kubeconfig=path, context="x")[0].who == "kubeconfig config, context x"
    with pytest.raises(InputError, match=r"^kubeconfig: 'config' with context 'y' cannot be used"):
        reached(kubeconfig=path, context="y")


def test_a_folder_or_a_file_that_may_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written("config", {"token": "own"})

    def closed(file: Any, *_rest: Any, **_options: Any) -> Any:
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr("builtins.open", closed)
    with pytest.raises(InputError, match=r"^kubeconfig: 'config' cannot be read \(Permission denied\)"):
        reached(kubeconfig=path)


def test_without_credentials_nobody_is_asked() -> None:
    """A server would answer as to nobody, and its 403 would send the reader looking for a missing right."""
    path = written("config", {})
    with pytest.raises(InputError, match="gives no credentials; its exec plugin fails or its user has none: try kubectl"):
        reached(kubeconfig=path)
    assert reached(kubeconfig=path, token_file="token")[0].headers["Authorization"] == "Bearer from-the-file"
    # `kubectl proxy` has them itself.
    Path("config").write_text(kubeconfig({}).replace("https://", "http://"))
    assert "Authorization" not in reached(kubeconfig=path)[0].headers


BOTH: list[tuple[dict[str, Any], str]] = [
    *(
        ({"in_cluster": True, name: "https://a"}, f"in_cluster: {name} is given too")
        for name in ("kubeconfig", "context", "host", "token_file")
    ),
    *(({"host": "https://a", "token_file": "token", name: "a"}, f"host: {name} is given too") for name in ("kubeconfig", "context")),
]


@pytest.mark.parametrize(("options", "sentence"), BOTH)
def test_two_ways_at_once_are_none(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{sentence}"):
        source_of(params(**options))


def test_what_a_plugin_says_is_not_logged_and_what_others_log_is(caplog: pytest.LogCaptureFixture) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never"}
    user = {"exec": {**plugin, "args": ["-c", f"echo {CANARY} >&2; exit 1"]}}
    with pytest.raises(InputError, match="gives no credentials"):
        reached(kubeconfig=written("config", user))
    assert CANARY not in caplog.text
    logging.getLogger("anybody").error("still here")
    assert "still here" in caplog.text


@pytest.mark.parametrize("error", [ValueError(CANARY), kubernetes.config.ConfigException("no such context")])
def test_only_an_error_that_quotes_nothing_is_quoted(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    def broken(**options: Any) -> None:
        told.update(options)
        raise error

    monkeypatch.setattr(kubernetes.config, "load_kube_config", broken)
    with pytest.raises(InputError, match="cannot be used") as caught:
        reached(kubeconfig=written("config", {"token": "own"}))
    assert CANARY not in caught.value.sentence
    assert ("no such context" in caught.value.sentence) is isinstance(error, kubernetes.config.ConfigException)
    # A token that was refreshed is not written back: a preview writes nothing.
    assert told["persist_config"] is False


def test_an_access_that_is_printed_shows_no_token() -> None:
    Path("token").write_text(CANARY)
    found, _pool = reached(**HOST)
    assert repr(found) == "Access(https://127.0.0.1:1, by token_file token)"
