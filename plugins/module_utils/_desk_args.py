# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chatwoot that we run for one client: what the role ``chatwoot`` says about it, checked.

PRIVATE: for this collection's own plugins, not a public interface.

The sentences name the role's variables (``chatwoot_domain``), for that is where an operator looks. No secret comes here: whatever is
secret is a Secret of the namespace, and only its name is said.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _desk_secrets, _quantity
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._catalog.plans.sizes import DESK_SIZES, RESOURCES, VOLUME, DeskSize
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._chat_plan import base_of, effective_plan
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_account import refuse_without_token
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_model import (
    KEYS,
    Backup,
    Database,
    Desk,
    Entrance,
    Mail,
    Network,
    Storage,
    Watch,
)
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError, quoted
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_names import DNS_LABEL
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_entrance import ENTRY_POINT
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._tenant_services import ENV_NAME, VERSIONED
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._variables import (
    dictionary,
    entries,
    host_name,
    label,
    number,
    object_name,
    said_or,
    truth,
    unknown_keys,
)

# The longest label that we make of it is the name of a set, desk-<id>-migration.
LONGEST_ID: Final = 40
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
LABEL_KEY: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
LOCALE: Final = re.compile(r"[a-z]{2}(?:_[A-Z]{2})?")
EMAIL: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
SENDER: Final = re.compile(rf"(?:[^<>\n]+ <{EMAIL.pattern}>|{EMAIL.pattern})")
ADDRESS: Final = re.compile(r"https?://[^\s/@?#]+(?::[0-9]{1,5})?")
REDIS_URL: Final = re.compile(r"rediss?://[^\s/@?#]+(?::[0-9]{1,5})?(?:/[0-9]{1,3})?")
# What PostgreSQL takes without quotes around it.
POSTGRES_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Five fields of digits, stars, commas, hyphens and slashes.
SCHEDULE: Final = re.compile(r"[0-9*,/-]+(?: [0-9*,/-]+){4}")
CPU_AND_MEMORY: Final = ("cpu", "memory")

# What we set ourselves: said by hand, it would be two truths.
OURS: Final = frozenset(
    {
        *KEYS,
        *("RAILS_ENV", "NODE_ENV", "FRONTEND_URL", "FORCE_SSL", "INSTALLATION_ENV", "RAILS_LOG_TO_STDOUT", "HOME", "PORT", "PIDFILE"),
        *("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DATABASE", "POSTGRES_USERNAME", "DATABASE_URL", "REDIS_URL"),
        *("ACTIVE_STORAGE_SERVICE", "STORAGE_ENDPOINT", "STORAGE_BUCKET_NAME", "STORAGE_REGION", "STORAGE_FORCE_PATH_STYLE"),
        *("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY", "SMTP_ADDRESS", "SMTP_PORT", "SMTP_DOMAIN", "SMTP_AUTHENTICATION"),
        *("SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_OPENSSL_VERIFY_MODE", "SMTP_ENABLE_STARTTLS_AUTO", "MAILER_SENDER_EMAIL"),
        *("ENABLE_ACCOUNT_SIGNUP", "DEFAULT_LOCALE"),
    }
)


def desk_of(given: Mapping[str, Any]) -> Desk:
    """Return the Chatwoot that the role's variables describe.

    Args:
        given: each key one of the role's variables, without the prefix.

    Raises:
        InputError: a value cannot work. The first one; ``problems_of`` tells all.
    """
    problems = problems_of(given)
    if problems:
        raise InputError(problems[0])
    return _desk(given)


def _desk(given: Mapping[str, Any]) -> Desk:
    return Desk(**{name: read(given) for name, read in READERS.items()})


def problems_of(given: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with what is said, one sentence each."""
    found: list[str] = []
    for read in (*READERS.values(), _together, _account, _secrets_suffice):
        try:
            read(given)
        except InputError as problem:
            sentences = problem.facts.get("problems") or [problem.sentence]
            found += [one for one in sentences if one not in found]
    return found


def client_of(given: Mapping[str, Any]) -> str:
    """Read the id of the client."""
    text = str(given.get("client") or "")
    if not DNS_LABEL.fullmatch(text) or len(text) > LONGEST_ID:
        raise InputError(
            f"chatwoot_client: {quoted(text)} cannot be the id of a client; use up to {LONGEST_ID} lower-case letters, digits and hyphens."
        )
    return text


def _plan(given: Mapping[str, Any]) -> Any:
    if not given.get("plan"):
        raise InputError(
            "chatwoot_plan: the client has bought no plan, so there is nothing to run; write it, for example chatwoot_plan: pro."
        )
    plan = effective_plan(given["plan"], given.get("plans_extra"), option="chatwoot_plan", extra_option="chatwoot_plans_extra")
    if not plan["managed"]:
        raise InputError(
            f"chatwoot_plan: in the plan {plan['name']} the client runs Chatwoot, so there is nothing for us to run; sell a managed plan"
            f" ({', '.join(DESK_SIZES)}), or use the playbook chatwoot_self_hosted."
        )
    return plan


def _size(given: Mapping[str, Any]) -> DeskSize:
    return DESK_SIZES[base_of(_plan(given)["name"], given.get("plans_extra"))]


def _sizes(given: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    size = _size(given)
    said = dictionary(given.get("pods"), "chatwoot_pods")
    unknown_keys(said, ("web", "worker"), "chatwoot_pods")
    found = {}
    for role in ("web", "worker"):
        sold = size["web"] if role == "web" else size["worker"]
        own = dictionary(said.get(role), f"chatwoot_pods.{role}")
        unknown_keys(own, ("least", "most"), f"chatwoot_pods.{role}")
        least = number(said_or(own.get("least"), sold["least"]), f"chatwoot_pods.{role}.least", least=1, most=100)
        most = number(said_or(own.get("most"), max(sold["most"], least)), f"chatwoot_pods.{role}.most", least=1, most=100)
        if most < least:
            raise InputError(f"chatwoot_pods.{role}.most: {most} is less than least ({least}); raise the one or lower the other.")
        found[role] = (least, most)
    return found


def _cpu_percent(given: Mapping[str, Any]) -> int:
    return _size(given)["cpu_percent"]


def _resources(given: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    said = dictionary(given.get("resources"), "chatwoot_resources")
    unknown_keys(said, RESOURCES, "chatwoot_resources")
    return {name: _amounts(sides, said.get(name), f"chatwoot_resources.{name}") for name, sides in RESOURCES.items()}


def _amounts(ours: Mapping[str, Mapping[str, str]], given: object, where: str) -> dict[str, dict[str, str]]:
    said = dictionary(given, where)
    unknown_keys(said, ("requests", "limits"), where)
    found: dict[str, dict[str, int]] = {}
    for side in ("requests", "limits"):
        own = dictionary(said.get(side), f"{where}.{side}")
        unknown_keys(own, CPU_AND_MEMORY, f"{where}.{side}")
        found[side] = {
            name: _quantity.parse_resource(name, said_or(own.get(name), ours[side][name]), f"{where}.{side}.{name}")
            for name in CPU_AND_MEMORY
        }
    return _quantity.written_sides(found, where)


def _images(given: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in ("image", "postgres_image", "redis_image", "backup_image", "postgres_exporter_image", "redis_exporter_image"):
        text = str(given.get(name) or "")
        if not VERSIONED.fullmatch(text):
            raise InputError(
                f"chatwoot_{name}: {quoted(text)} names no version; write it with its tag or digest, like chatwoot/chatwoot:v4.14.2."
            )
        found[name] = text
    return found


def _pull_secrets(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(object_name(one, "chatwoot_pull_secrets") for one in entries(given.get("pull_secrets"), "chatwoot_pull_secrets"))


def _database(given: Mapping[str, Any]) -> Database:
    return _store(given, "database", ("host", "port", "name", "user", "secret", "storage", "storage_class"))


def _redis(given: Mapping[str, Any]) -> Database:
    return _store(given, "redis", ("url", "secret", "storage", "storage_class"))


def _store(given: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> Database:
    """Read one of the two databases; one that has an address is somebody else's to run."""
    where = f"chatwoot_{name}"
    said = dictionary(given.get(name), where)
    unknown_keys(said, keys, where)
    host = host_name(said["host"], f"{where}.host") if said.get("host") else ""
    url = str(said.get("url") or "")
    if url and not _leads_somewhere(url, REDIS_URL):
        # Not shown: who writes it otherwise has put the password into it.
        raise InputError(f"{where}.url: it is not of the form rediss://redis.example:6380/0; the password belongs into {where}.secret.")
    external = bool(host or url)
    secret = object_name(said["secret"], f"{where}.secret") if said.get("secret") else ""
    if external and not secret:
        key = "POSTGRES_PASSWORD" if name == "database" else "REDIS_PASSWORD"
        raise InputError(f"{where}.secret: not given; name the Secret of the namespace whose key {key} is the password of this server.")
    if secret and not external:
        raise InputError(f"{where}.secret: {secret} is for a server elsewhere, and none is named; say its address, or take the Secret out.")
    return Database(
        host=host,
        port=number(said_or(said.get("port"), 5432), f"{where}.port", least=1, most=65535),
        name=_postgres_name(said.get("name") or "chatwoot_production", f"{where}.name"),
        user=_postgres_name(said.get("user") or "chatwoot", f"{where}.user"),
        url=url,
        secret=secret,
        storage=_quantity.format_resource(
            "storage", _quantity.parse_resource("storage", said_or(said.get("storage"), VOLUME), f"{where}.storage")
        ),
        storage_class=label(said["storage_class"], f"{where}.storage_class") if said.get("storage_class") else "",
    )


def _postgres_name(value: object, option: str) -> str:
    text = str(value)
    if not POSTGRES_NAME.fullmatch(text):
        raise InputError(f"{option}: {quoted(text)} is no name of PostgreSQL; use up to 63 lower-case letters, digits and underscores.")
    return text


def _storage(given: Mapping[str, Any]) -> Storage:
    said = dictionary(given.get("files"), "chatwoot_files")
    unknown_keys(said, ("endpoint", "bucket", "region", "secret"), "chatwoot_files")
    return Storage(
        endpoint=_address(said.get("endpoint"), "chatwoot_files.endpoint", "the object storage that keeps what people send"),
        bucket=label(said.get("bucket") or f"chatwoot-{client_of(given)}", "chatwoot_files.bucket"),
        region=str(said.get("region") or "us-east-1"),
        secret=object_name(said.get("secret") or "chatwoot-files", "chatwoot_files.secret"),
    )


def _address(value: object, option: str, what: str) -> str:
    text = str(value or "").rstrip("/")
    if not text:
        raise InputError(f"{option}: not given; write the address of {what}, like https://s3.example.com.")
    if not _leads_somewhere(text, ADDRESS):
        raise InputError(f"{option}: it is not of the form https://s3.example.com or http://minio.storage:9000; no path, no password.")
    return text


def _leads_somewhere(address: str, form: re.Pattern[str]) -> bool:
    """Whether an address is of a form, with a port that can be: pods are let out to it (``_desk_place``)."""
    try:
        return form.fullmatch(address) is not None and urlsplit(address).port != 0
    except ValueError:
        return False


def _mail(given: Mapping[str, Any]) -> Mail:
    said = dictionary(given.get("mail"), "chatwoot_mail")
    unknown_keys(said, ("host", "port", "sender", "domain", "authentication", "secret"), "chatwoot_mail")
    if not said:
        return Mail()
    sender = str(said.get("sender") or "")
    if not SENDER.fullmatch(sender):
        raise InputError(f"chatwoot_mail.sender: {quoted(sender)} is no sender; write it like Acme <support@acme.example>.")
    authentication = str(said.get("authentication") or "login")
    if authentication not in ("plain", "login", "cram_md5", "none"):
        raise InputError(
            f"chatwoot_mail.authentication: {quoted(authentication)} is not known to Chatwoot; write plain, login, cram_md5 or none."
        )
    domain = said.get("domain") or sender.rpartition("@")[2].rstrip(">")
    return Mail(
        host=host_name(said.get("host") or "", "chatwoot_mail.host"),
        port=number(said_or(said.get("port"), 587), "chatwoot_mail.port", least=1, most=65535),
        sender=sender,
        domain=host_name(domain, "chatwoot_mail.domain"),
        authentication="" if authentication == "none" else authentication,
        secret="" if authentication == "none" else object_name(said.get("secret") or "chatwoot-mail", "chatwoot_mail.secret"),
    )


def _backup(given: Mapping[str, Any]) -> Backup:
    said = dictionary(given.get("backup"), "chatwoot_backup")
    unknown_keys(said, ("endpoint", "bucket", "secret", "schedule", "keep_days"), "chatwoot_backup")
    schedule = str(said.get("schedule") or "17 2 * * *")
    if not SCHEDULE.fullmatch(schedule):
        raise InputError(f"chatwoot_backup.schedule: {quoted(schedule)} is no schedule of cron; write five fields, like 17 2 * * *.")
    # Beside the files, unless told otherwise: whoever has one object storage has no other.
    endpoint = said.get("endpoint") or _storage(given).endpoint
    return Backup(
        endpoint=_address(endpoint, "chatwoot_backup.endpoint", "the object storage that keeps the backups"),
        bucket=label(said.get("bucket") or f"chatwoot-{client_of(given)}-backup", "chatwoot_backup.bucket"),
        secret=object_name(said.get("secret") or "chatwoot-backup", "chatwoot_backup.secret"),
        schedule=schedule,
        keep_days=number(said_or(said.get("keep_days"), 30), "chatwoot_backup.keep_days", least=1, most=3650),
    )


def _entrance(given: Mapping[str, Any]) -> Entrance:
    issuer = dictionary(given.get("issuer"), "chatwoot_issuer")
    unknown_keys(issuer, ("name", "kind"), "chatwoot_issuer")
    kind = str(issuer.get("kind") or "ClusterIssuer")
    if kind not in ("ClusterIssuer", "Issuer"):
        raise InputError(f"chatwoot_issuer.kind: {quoted(kind)} is no issuer of cert-manager; write ClusterIssuer or Issuer.")
    points = [str(one) for one in entries(given.get("entrypoints"), "chatwoot_entrypoints")] or ["websecure"]
    for point in points:
        if not ENTRY_POINT.fullmatch(point):
            raise InputError(
                f"chatwoot_entrypoints: {quoted(point)} is no entry point; write its name in Traefik's settings, like websecure."
            )
    domain = host_name(given.get("domain") or "", "chatwoot_domain")
    host = host_name(given["host"], "chatwoot_host") if given.get("host") else f"chat-{client_of(given)}.{domain}"
    return Entrance(
        host=host,
        entry_points=tuple(points),
        ingress_class=object_name(given["ingress_class"], "chatwoot_ingress_class") if given.get("ingress_class") else "",
        issuer=object_name(issuer["name"], "chatwoot_issuer.name") if issuer.get("name") else "",
        issuer_kind=kind,
    )


def _network(given: Mapping[str, Any]) -> Network:
    networks = []
    for one in entries(given.get("egress_networks"), "chatwoot_egress_networks"):
        said = dictionary(one, "chatwoot_egress_networks")
        unknown_keys(said, ("cidr", "ports"), "chatwoot_egress_networks")
        networks.append((_cidr(said.get("cidr")), _ports(said.get("ports"), "chatwoot_egress_networks.ports", least=1)))
    return Network(
        ingress_namespaces=_namespaces(given, "ingress_namespaces"),
        watch_namespaces=_namespaces(given, "monitoring_namespaces"),
        outside_ports=_ports(given.get("egress_outside_ports"), "chatwoot_egress_outside_ports"),
        inside_ports=_ports(given.get("egress_ports"), "chatwoot_egress_ports"),
        api_ports=_ports(given.get("api_ports"), "chatwoot_api_ports", least=1),
        networks=tuple(networks),
    )


def _cidr(value: object) -> str:
    try:
        read = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise InputError(f"chatwoot_egress_networks.cidr: {quoted(str(value))} is no network; write it like 10.20.0.0/16.") from None
    if read.prefixlen == 0:
        raise InputError(f"chatwoot_egress_networks.cidr: {value} is everybody; name the network of the server.")
    return str(read)


def _namespaces(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(label(one, f"chatwoot_{name}") for one in entries(given.get(name), f"chatwoot_{name}"))


def _ports(value: object, option: str, *, least: int = 0) -> tuple[int, ...]:
    found = tuple(number(port, option, least=1, most=65535) for port in entries(value, option))
    if len(found) < least:
        raise InputError(f"{option}: no port is named; a rule without ports is one for all of them, so name what is needed.")
    return found


def _watch(given: Mapping[str, Any]) -> Watch:
    labels = dictionary(given.get("monitoring_labels"), "chatwoot_monitoring_labels")
    return Watch(enabled=truth(given.get("monitoring"), "chatwoot_monitoring"), labels=_labels(labels, "chatwoot_monitoring_labels"))


def _labels(given: Mapping[str, Any], option: str) -> dict[str, str]:
    for key, value in given.items():
        if not LABEL_KEY.fullmatch(key) or isinstance(value, (bool, dict, list)) or value is None:
            raise InputError(f"{option}: {quoted(key)} with {quoted(value)} is no label; write both as texts, the value in quotes.")
    return {key: str(value) for key, value in sorted(given.items())}


def _node_pool(given: Mapping[str, Any]) -> dict[str, str]:
    said = _labels(dictionary(given.get("node_pool"), "chatwoot_node_pool"), "chatwoot_node_pool")
    plan = _plan(given)
    if said and not plan["dedicated"]:
        raise InputError(
            f"chatwoot_node_pool: the plan {plan['name']} shares its nodes; take it out, or sell a plan with an environment of its own,"
            " such as enterprise."
        )
    return said


def _region(given: Mapping[str, Any]) -> str:
    return label(given["region"], "chatwoot_region") if given.get("region") else ""


def _env(given: Mapping[str, Any]) -> dict[str, str]:
    said = dictionary(given.get("env"), "chatwoot_env")
    for name, value in said.items():
        if not ENV_NAME.fullmatch(name):
            raise InputError(f"chatwoot_env: {quoted(name)} cannot name a variable; use letters, digits and underscores.")
        if name in OURS:
            raise InputError(f"chatwoot_env: {name} is set by the role; say it with the variable that is for it, or leave it out.")
        if not isinstance(value, str):
            raise InputError(f'chatwoot_env: the value of {name} is no text; put it in quotes, for example {name}: "1".')
    return {str(name): str(value) for name, value in sorted(said.items())}


def _env_from(given: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(object_name(one, "chatwoot_env_from") for one in entries(given.get("env_from"), "chatwoot_env_from"))


def _locale(given: Mapping[str, Any]) -> str:
    text = str(given.get("locale") or "fr")
    if not LOCALE.fullmatch(text):
        raise InputError(f"chatwoot_locale: {quoted(text)} is no language of Chatwoot; write it like fr or pt_BR.")
    return text


def _admin(given: Mapping[str, Any]) -> str:
    text = str(given.get("admin_email") or "")
    if text and not EMAIL.fullmatch(text):
        raise InputError(f"chatwoot_admin_email: {quoted(text)} is no address; write it like support@agency.example.")
    return text


def _platform(given: Mapping[str, Any]) -> bool:
    return truth(given.get("platform"), "chatwoot_platform_token")


def _together(given: Mapping[str, Any]) -> None:
    """Refuse what is well by itself and cannot work together."""
    try:
        files, backup = _storage(given), _backup(given)
        admin, mail = _admin(given), _mail(given)
    except InputError:
        # Told by the part that it belongs to.
        return
    if (files.endpoint, files.bucket) == (backup.endpoint, backup.bucket):
        raise InputError(
            f"chatwoot_backup.bucket: {backup.bucket} is the bucket of its files, too, and whoever may delete a file could delete its"
            " backups; name another one."
        )
    if admin and not mail.host:
        raise InputError(
            "chatwoot_mail: not given, and chatwoot_admin_email chooses the password by mail; say how mail is sent, or leave the address"
            " out."
        )


def _account(given: Mapping[str, Any]) -> None:
    try:
        _plan(given)
    except InputError:
        # Told by the part that it belongs to.
        return
    refuse_without_token(given.get("account") or {}, token=_platform(given))


def _secrets_suffice(given: Mapping[str, Any]) -> None:
    try:
        desk = _desk(given)
    except InputError:
        # Told by the part that it belongs to.
        return
    _desk_secrets.check(desk)


READERS: Final[dict[str, Any]] = {
    "client": client_of,
    "plan": _plan,
    "pods": _sizes,
    "cpu_percent": _cpu_percent,
    "resources": _resources,
    "images": _images,
    "pull_secrets": _pull_secrets,
    "database": _database,
    "redis": _redis,
    "files": _storage,
    "mail": _mail,
    "backup": _backup,
    "entrance": _entrance,
    "network": _network,
    "watch": _watch,
    "node_pool": _node_pool,
    "region": _region,
    "env": _env,
    "env_from": _env_from,
    "locale": _locale,
    "admin": _admin,
    "platform": _platform,
    "secrets": _desk_secrets.secrets_of,
}
