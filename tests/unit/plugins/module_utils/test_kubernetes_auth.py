# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an API server is reached: which credentials win, what is checked, and what nobody gets to read."""

from __future__ import annotations

import base64
import json
import logging
import ssl
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import urllib3
import yaml

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


def refusal(**options: Any) -> str:
    """Why there is no access: one line, in which no secret stands."""
    with pytest.raises(InputError) as caught:
        access(params(**options))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert CANARY not in f"{caught.value} {caught.value.sentence} {caught.value.facts}"
    assert len(caught.value.sentence.splitlines()) == 1
    return caught.value.sentence


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
    said = refusal(kubeconfig=path, context="y")
    assert said == "kubeconfig: 'config' with context 'y' cannot be used (y is not among its contexts); correct the file or context."
    Path("config").write_text(kubeconfig({"token": CANARY}).replace('"current-context": "x"', '"current-context": "gone"'))
    assert "cannot be used (gone is not among its contexts)" in refusal(kubeconfig=path)


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


def test_several_files_are_read_and_nothing_is_written_back_or_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    def broken(**options: Any) -> None:
        told.update(options)
        raise kubernetes.config.ConfigException(f"in the middle of {CANARY}")

    monkeypatch.setattr(kubernetes.config, "load_kube_config", broken)
    written("config", {"token": "own"})
    assert refusal(kubeconfig="config:more").startswith("kubeconfig: 'config:more' cannot be used (ConfigException)")
    # A token that was refreshed is not written back: a preview writes nothing.
    assert (told["persist_config"], told["config_file"]) == (False, "config:more")


def test_an_access_that_is_printed_shows_no_token() -> None:
    Path("token").write_text(CANARY)
    found, _pool = reached(**HOST)
    assert repr(found) == "Access(https://127.0.0.1:1, by token_file token)"


def test_a_newline_at_the_end_belongs_to_no_token() -> None:
    """Files end in one, and so does a block of YAML."""
    Path("secret").write_text("tok\n")
    assert reached(kubeconfig=written("config", {"tokenFile": "secret"}))[0].headers["Authorization"] == "Bearer tok"
    whole = yaml.safe_load(kubeconfig({"token": "tok\n"}))
    Path("config").write_text(yaml.safe_dump(whole, default_style="|"))
    assert "|" in Path("config").read_text()
    assert reached(kubeconfig="config")[0].headers["Authorization"] == "Bearer tok"


@pytest.mark.parametrize("letter", ["\n", "\r", "\t", "\x00", "\x7f", "\u00e9", "\u2028"])
@pytest.mark.parametrize("key", ["token", "tokenFile"])
def test_a_token_that_no_header_takes_is_refused(letter: str, key: str) -> None:
    token = f"{CANARY}{letter}{CANARY}"
    Path("secret").write_text(token, newline="")
    said = refusal(kubeconfig=written("config", {key: "secret" if key == "tokenFile" else token}))
    assert said.startswith("the token of kubeconfig config holds what no token may")
    if key == "tokenFile":
        assert refusal(**{**HOST, "token_file": "secret"}).startswith("token_file: 'secret' holds no token")


def changed(before: str, after: str, user: dict[str, Any] | None = None) -> str:
    """A kubeconfig of which a part of the text is another."""
    whole = kubeconfig({"token": CANARY} if user is None else user)
    assert before in whole
    Path("config").write_text(whole.replace(before, after))
    return "config"


def test_a_token_in_the_wrong_place_is_not_quoted() -> None:
    said = refusal(kubeconfig=changed('"user": {"token":', '"token": {"is":'))
    assert said == "kubeconfig: 'config' cannot be used (the key user is missing); correct the file or context."
    Path("config").write_text(kubeconfig({}).replace('"name": "u", "user": {}', f'"name": "u", "token": "{CANARY}"'))
    assert refusal(kubeconfig="config") == said


def test_a_login_that_lacks_its_token_is_told_by_that_key() -> None:
    provider = {"name": "oidc", "config": {"client-id": "shop", "client-secret": CANARY, "refresh-token": CANARY}}
    assert "(the key id-token is missing)" in refusal(kubeconfig=written("config", {"auth-provider": provider}))


SERVER = '"server": "https://127.0.0.1:1"'
ADDRESSES: list[tuple[str, str]] = [
    (f'{SERVER}, "proxy-url": "http://bob:{CANARY}@127.0.0.1:99999"', "no connection can be made of it"),
    (f'"server": "https://bob:{CANARY}@127.0.0.1:1"', "server: the URL carries a user or password"),
    (f'"server": "https://bob:{CANARY}@127.0.0.1:99999"', "server: the URL carries a user or password"),
    ('"server": "https://127.0.0.1:1#x"', "'https://127.0.0.1:1#x' has a query or fragment"),
    ('"server": "https://127.0.0.1:1?x=y"', "has a query or fragment"),
    ('"server": "htps://127.0.0.1:1"', "'htps://127.0.0.1:1' is not an http"),
    ('"server": "https://127.0.0.1:99999"', "'https://127.0.0.1:99999' is not an http"),
    # The client itself refuses this one, and its error is told by its name alone.
    (f'"server": "https://{CANARY}[::1"', "cannot be used (ValueError)"),
]


@pytest.mark.parametrize(("address", "sentence"), ADDRESSES)
def test_an_address_of_a_kubeconfig_that_cannot_be_or_carries_a_password(address: str, sentence: str) -> None:
    said = refusal(kubeconfig=changed(SERVER, address))
    assert said.startswith(("kubeconfig config: ", "kubeconfig: 'config' cannot be used"))
    assert sentence in said


HOSTS: list[tuple[str, str]] = [
    ("https://127.0.0.1:1#x", "has a query or fragment"),
    ("https://127.0.0.1:1?x", "has a query or fragment"),
    (f"htps://bob:{CANARY}@h", "carries a user or password"),
    (f"https://bob:{CANARY}@h", "carries a user or password"),
    (f"https://bob:{CANARY}@[::1", "carries a user or password"),
]


@pytest.mark.parametrize(("host", "sentence"), HOSTS)
def test_an_address_among_the_options_that_cannot_be_or_carries_a_password(host: str, sentence: str) -> None:
    assert sentence in refusal(**{**HOST, "host": host})


@pytest.mark.parametrize("status", [{}, {"expirationTimestamp": "2020-01-01T00:00:00Z"}])
def test_a_plugin_is_run_once(status: dict[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    """Also where its token is over already, by its own word: the server says so, and to log in again may ask a person."""
    version = "client.authentication.k8s.io/v1"
    said = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": {"token": CANARY, **status}})
    script = f"echo run >> runs; echo {CANARY} >&2; echo '{said}'"
    plugin = {"apiVersion": version, "command": "sh", "args": ["-c", script], "interactiveMode": "Never"}
    found, _pool = reached(kubeconfig=written("config", {"exec": plugin}))
    assert found.headers["Authorization"] == f"Bearer {CANARY}"
    assert Path("runs").read_text() == "run\n"
    assert "".join(capfd.readouterr()) == ""
