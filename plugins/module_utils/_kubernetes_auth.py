# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module reaches an API server: kubeconfig, token file or the pod's own service account.

PRIVATE: for this collection's own plugins, not a public interface.

The ``kubernetes`` client reads kubeconfigs (exec plugins, client certificates, proxies), as every tool of that world does. Its import
takes 0.24 s and 43 MiB (2 cores, version 37), so it is imported when the first request is near and not before: bad options are
refused without it, and the action plugin imports it once, before Ansible forks its workers.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import PATH, InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._http import check_url
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._yaml import SAFE_LOADER, yaml

# What every pod with a service account has.
IN_CLUSTER_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/token"

# The names of the options are those of kubernetes.core, so that group defaults fit both.
KUBERNETES_SPEC: dict[str, Any] = {
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "token_file": {"type": "path", "no_log": False},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "proxy": {"type": "str"},
    "in_cluster": {"type": "bool", "default": False},
    "request_timeout": {"type": "float", "default": 10.0},
}


# Of the client's words about a kubeconfig, those that name no value.
MISSING = re.compile(r"Expected key ([\w-]+) in|Expected object with name ([\w.:@/-]+) in \S*?/(contexts|clusters|users) list")
# A day: longer than any request, and what sockets take.
MOST_SECONDS = 86400


@dataclass(frozen=True)
class Access:
    """Where the API server is, and how to be let in.

    Attributes:
        host: base URL, without a slash at the end.
        headers: what every request carries; holds the token, so it is not in repr.
        pool: a urllib3 pool manager that checks certificates as asked.
        who: the source of the credentials in words, for errors.
    """

    host: str
    headers: Mapping[str, str]
    pool: Any
    who: str

    def __repr__(self) -> str:
        return f"Access({self.host}, by {self.who})"


def load_client() -> ModuleType:
    """Import the Kubernetes client.

    Raises:
        InputError: it is not installed for this Python.
    """
    try:
        return importlib.import_module("kubernetes")
    except ImportError as error:
        raise InputError(
            f"the Python library kubernetes cannot be imported ({error}); install it for the Python that runs this task:"
            " pip install kubernetes."
        ) from None


def source_of(params: Mapping[str, Any]) -> Literal["in_cluster", "host", "kubeconfig"]:
    """Tell which way the options ask for.

    Raises:
        InputError: they ask for two.
    """
    if params["in_cluster"]:
        given = next((name for name in ("kubeconfig", "context", "host", "token_file") if params[name]), None)
        if given:
            raise InputError(f"in_cluster: {given} is given too, and the pod's own account needs none; leave one of the two out.")
        return "in_cluster"
    if params["host"]:
        given = next((name for name in ("kubeconfig", "context") if params[name]), None)
        if given:
            raise InputError(f"host: {given} is given too; leave one of the two out.")
        if not params["token_file"]:
            raise InputError("token_file: not given, and with host there are no other credentials; name a file that holds the token.")
        check_url("host", params["host"])
        return "host"
    return "kubeconfig"


@contextlib.contextmanager
def opened(params: Mapping[str, Any]) -> Iterator[Access]:
    """Make ready to ask the API server, and leave no key behind.

    The client writes a kubeconfig's certificates and keys into files and removes them when its process exits in order; a worker of
    Ansible's never does.

    Args:
        params: the options of ``KUBERNETES_SPEC``.

    Raises:
        InputError: the options, a file that they name, or the library does not serve.
    """
    try:
        yield access(params)
    finally:
        kube_config = sys.modules.get("kubernetes.config.kube_config")
        clean = getattr(kube_config, "_cleanup_temp_files", None)
        if clean is not None:
            clean()


def access(params: Mapping[str, Any]) -> Access:
    """Make ready to ask the API server; no request is made.

    Args:
        params: the options of ``KUBERNETES_SPEC``.

    Raises:
        InputError: the options, a file that they name, or the library does not serve.
    """
    # Not a number is neither above 0 nor below.
    if not 0 < params["request_timeout"] <= MOST_SECONDS:
        raise InputError(
            f"request_timeout: {params['request_timeout']:g} is no time to wait; give seconds, above 0 and up to {MOST_SECONDS}."
        )
    source = source_of(params)
    _check_proxy(params["proxy"])
    files = {name: params[name] for name in ("token_file", "ca_cert") if params[name]}
    for option, path in files.items():
        _readable(option, path)
    kubernetes = load_client()
    configuration = kubernetes.client.Configuration()
    if source == "kubeconfig":
        who = _from_kubeconfig(kubernetes, configuration, params)
    elif source == "in_cluster":
        who = _from_pod(kubernetes, configuration)
    else:
        configuration.host, who = params["host"], f"token_file {params['token_file']}"
    if params["token_file"]:
        configuration.api_key = {"authorization": f"Bearer {_read_token(params['token_file'])}"}
        # A client certificate of the kubeconfig would win over the token.
        configuration.cert_file = configuration.key_file = None
        who = f"token_file {params['token_file']}"
    if params["ca_cert"]:
        configuration.ssl_ca_cert = params["ca_cert"]
    if not params["validate_certs"]:
        configuration.verify_ssl = False
    if params["proxy"]:
        configuration.proxy = params["proxy"]
    return _made(kubernetes, configuration, who)


def _made(kubernetes: ModuleType, configuration: Any, who: str) -> Access:
    setting = configuration.auth_settings().get("BearerToken")
    headers = {"Accept": "application/json", "User-Agent": "bluegreen.orchestrator"}
    if setting and setting.get("value"):
        # Files end in a newline; kubectl takes it off, too.
        value = str(setting["value"]).strip()
        if not value.isascii() or not value.isprintable():
            raise InputError(f"the token of {who} holds what no token may (control characters, or letters beyond ASCII); renew it.")
        headers["Authorization"] = value
    host = str(configuration.host).rstrip("/")
    _check_server(host, who)
    if not configuration.verify_ssl:
        importlib.import_module("urllib3").disable_warnings()
    try:
        # The REST client only makes the pool: TLS, client certificates, proxy and no_proxy are its business, requests are ours.
        pool = kubernetes.client.ApiClient(configuration).rest_client.pool_manager
    except Exception as error:
        # Its text may quote a proxy with its password.
        raise InputError(
            f"{who}: no connection can be made of it ({type(error).__name__}); see its proxy-url, certificates and keys."
        ) from None
    return Access(host, headers, pool, who)


def _check_server(host: str, who: str) -> None:
    """Refuse an address that is none, or that would be printed with a password in it.

    Raises:
        InputError: it is refused.
    """
    parts = check_url(f"{who}: server", host)
    if parts.query or parts.fragment:
        raise InputError(f"{who}: {quoted(host)} has a query or fragment; give the address of the API server alone.")


def _from_kubeconfig(kubernetes: ModuleType, configuration: Any, params: Mapping[str, Any]) -> str:
    given = params["kubeconfig"] or os.environ.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    option = "kubeconfig" if params["kubeconfig"] else "KUBECONFIG" if os.environ.get("KUBECONFIG") else "kubeconfig"
    paths = given.split(os.pathsep)
    if not any(os.path.isfile(path) for path in paths):
        raise InputError(f"{option}: {quoted(given, PATH)} is no file; name a kubeconfig, or give host and token_file, or in_cluster.")
    for path in paths:
        if os.path.isfile(path):
            _readable(option, path)
    wanted = f" with context {quoted(params['context'])}" if params["context"] else ""
    # An exec plugin that fails is logged with all that it said, its secrets too, and the client goes on without credentials.
    logging.disable(logging.CRITICAL)
    try:
        _load(kubernetes, given, params["context"], configuration)
    except Exception as error:
        raise InputError(
            f"{option}: {quoted(given, PATH)}{wanted} cannot be used ({_why_unusable(error)}); correct the file or context."
        ) from None
    finally:
        logging.disable(logging.NOTSET)
    if configuration.host.startswith("https:") and not (params["token_file"] or _has_credentials(configuration)):
        raise InputError(
            f"{option}: {quoted(given, PATH)}{wanted} gives no credentials; its exec plugin fails or its user has none: try kubectl."
        )
    return f"kubeconfig {given}{wanted_context(params)}"


def _why_unusable(error: Exception) -> str:
    """Say what is wrong with a kubeconfig. Not in the error's words: they quote the file, and a kubeconfig holds tokens."""
    missing = MISSING.search(str(error))
    if missing is None:
        return type(error).__name__
    return f"the key {missing[1]} is missing" if missing[1] else f"{missing[2]} is not among its {missing[3]}"


def _load(kubernetes: ModuleType, given: str, context: str | None, configuration: Any) -> None:
    """Read a kubeconfig, or several that are merged, into the client's configuration."""
    if os.pathsep in given:
        kubernetes.config.load_kube_config(config_file=given, context=context, client_configuration=configuration, persist_config=False)
    else:
        # What load_kube_config does with one file, but by libyaml: a fifth of what an unchanged tenant costs a worker was Python's YAML.
        path = os.path.expanduser(given)
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, Loader=SAFE_LOADER)
        loader = importlib.import_module("kubernetes.config.kube_config").KubeConfigLoader
        loader(config_dict=content, active_context=context, config_base_path=os.path.dirname(os.path.abspath(path))).load_and_set(
            configuration
        )
    # A task is shorter than any token's life, and the hook would read everything anew each time the token is asked for.
    configuration.refresh_api_key_hook = None


def _has_credentials(configuration: Any) -> bool:
    return bool(configuration.auth_settings().get("BearerToken", {}).get("value") or configuration.cert_file)


def _check_proxy(proxy: str | None) -> None:
    """Refuse a proxy that cannot work, or that carries what would be shown.

    Raises:
        InputError: it is refused; the value is not printed where it holds a password.
    """
    if proxy and "@" in proxy:
        raise InputError("proxy: it carries a user or password, and options are shown; let the proxy know this host instead.")
    if proxy:
        check_url("proxy", proxy)


def wanted_context(params: Mapping[str, Any]) -> str:
    """Name the context in words, empty for the file's own current one."""
    return f", context {params['context']}" if params["context"] else ""


def _from_pod(kubernetes: ModuleType, configuration: Any) -> str:
    try:
        kubernetes.config.load_incluster_config(client_configuration=configuration)
    except kubernetes.config.ConfigException:
        raise InputError(f"in_cluster: true, but this is no pod with a service account ({IN_CLUSTER_FILE}); give kubeconfig.") from None
    return "the pod's service account"


def _readable(option: str, path: str) -> None:
    try:
        with open(path, "rb"):
            return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such path"
        raise InputError(f"{option}: {quoted(path, PATH)} cannot be read ({reason}); correct the path or its rights.") from None


def _read_token(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        token = file.read().strip()
    if not token or not token.isascii() or any(char.isspace() or not char.isprintable() for char in token):
        raise InputError(f"token_file: {quoted(path, PATH)} holds no token; it must hold one word and nothing else.")
    return token
