# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a storage server is reached, and what names a bucket and a key there.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _http
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import PATH, InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._minio_api import Access

CONNECTION_SPEC: Final[dict[str, Any]] = {
    "endpoint": {"type": "str", "required": True, "fallback": (env_fallback, ["MINIO_ENDPOINT"])},
    "access_key": {"type": "str", "required": True, "no_log": False, "fallback": (env_fallback, ["MINIO_ACCESS_KEY"])},
    "secret_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["MINIO_SECRET_KEY"])},
    "secret_key_file": {"type": "path", "no_log": False},
    "region": {"type": "str", "default": "us-east-1"},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "request_timeout": {"type": "float", "default": 10.0},
}

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
NAME: Final = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*(-s3alias|--ol-s3)$)(?!.*(\.\.|\.-|-\.))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
RESERVED: Final = ("minio",)
# It stands in a header and between commas.
ACCESS_KEY: Final = re.compile(r"[!-+.-<>-~-]{3,128}")
HOST: Final = re.compile(r"[A-Za-z0-9._:%-]+")
REGION: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
# What neither XML nor a header can carry.
UNSENDABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# Seconds: more than an hour for one request is a slip of the hand, and a day is more than some clocks can wait.
LONGEST: Final = 3600


def access_of(params: Mapping[str, Any]) -> Access:
    """Return where the server is and how to be let in.

    Raises:
        InputError: an option cannot work.
    """
    endpoint = check_endpoint(params["endpoint"], "endpoint")
    if not REGION.fullmatch(params["region"]):
        raise InputError(f"region: {quoted(params['region'])} is no name of a region; write it like us-east-1.")
    # In this direction, for nan is not more than 0.
    if not 0 < params["request_timeout"] <= LONGEST:
        raise InputError(
            f"request_timeout: {params['request_timeout']:g} is no time to wait; give more than 0 seconds, and {LONGEST} at most."
        )
    return Access(
        endpoint=endpoint,
        access_key=check_key(params["access_key"], "access_key"),
        secret_key=_secret(params),
        region=params["region"],
        ca_cert=_certificates(params["ca_cert"]),
        validate_certs=params["validate_certs"],
        timeout=params["request_timeout"],
    )


def check_endpoint(url: str, option: str) -> str:
    """Return the address of a server in one spelling, that in which MinIO gives it back.

    Raises:
        InputError: it is none.
    """
    parts = _http.check_url(option, url)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InputError(f"{option}: {quoted(url)} has a path; give scheme, host and port only, like http://127.0.0.1:9000.")
    if not HOST.fullmatch(parts.hostname or ""):
        raise InputError(f"{option}: {quoted(url)} has a host that is no plain name; write it as DNS has it, like storage.example.")
    return f"{parts.scheme}://{parts.netloc}"


def check_key(key: str, option: str) -> str:
    """Refuse what cannot be an access key.

    Raises:
        InputError: it cannot.
    """
    if not ACCESS_KEY.fullmatch(key):
        raise InputError(
            f"{option}: {quoted(key)} cannot be an access key; use 3 to 128 letters, digits and signs, none of them a space, comma or =."
        )
    return key


def check_name(name: str, option: str = "name") -> str:
    """Refuse what cannot be the name of a bucket.

    Raises:
        InputError: it cannot.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise InputError(
            f"{option}: {quoted(name)} cannot name a bucket; use 3 to 63 lower-case letters, digits, hyphens and dots, beginning and ending"
            " with a letter or digit."
        )
    return name


def _secret(params: Mapping[str, Any]) -> str:
    given, path = params["secret_key"], params["secret_key_file"]
    if path and given:
        raise InputError("secret_key_file: secret_key is given too, there or in MINIO_SECRET_KEY; leave one of the two out.")
    if path:
        try:
            # A link is fine: that is how Kubernetes lays secrets into a container.
            given = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise InputError(
                f"secret_key_file: {quoted(path, PATH)} cannot be read ({type(error).__name__}); name a file with the key."
            ) from None
        if not given:
            raise InputError(f"secret_key_file: {quoted(path, PATH)} is empty; name a file with the key.")
    if not given:
        raise InputError("secret_key: not given; give it, name a file in secret_key_file, or set the variable MINIO_SECRET_KEY.")
    if UNSENDABLE.search(given):
        raise InputError("secret_key: it holds a character that is in no key, perhaps the end of a line; give the key alone.")
    return str(given)


def _certificates(path: str | None) -> str | None:
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ValueError) as error:
            raise InputError(
                f"ca_cert: {quoted(path, PATH)} cannot be read as certificates ({type(error).__name__}); name a PEM file."
            ) from None
    return path
