# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the Kubernetes API: fixed paths, server-side apply, errors in words.

PRIVATE: for this collection's own plugins, not a public interface.

No discovery: our kinds and their paths are known, and discovery is three requests before the first one that matters. No typed models:
JSON in, JSON out. Knows nothing of Ansible.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _no_answer
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import BlueGreenError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._kubernetes_auth import Access

FIELD_MANAGER = "bluegreen.orchestrator"
# On everything of ours: what we may change and prune.
MANAGED_BY = "app.kubernetes.io/managed-by"
# Which set of manifests an object belongs to; a set prunes its own objects only.
SET_LABEL = "bluegreen.orchestrator/set"
APPLY = "application/apply-patch+yaml"

# Seconds in which a server that answered before may be away: a restart of an API server takes 2 to 5 on our machines.
PATIENCE = 15.0
# A page of a list; what kubectl asks for, too.
PAGE = 500


@dataclass(frozen=True)
class Kind:
    """A kind of object and where it lives.

    Attributes:
        kind: as in a manifest.
        api: ``v1`` or group/version.
        plural: the resource's name in paths and RBAC rules.
        namespaced: whether it lives in a namespace.
        fixed: paths that Kubernetes never changes once an object is there, like ``spec.selector``.
        lost: what becomes of it when an object is deleted to change those, in words.
    """

    kind: str
    api: str
    plural: str
    namespaced: bool = True
    fixed: tuple[str, ...] = ()
    lost: str = ""

    @property
    def group(self) -> str:
        """The API group, empty for the core."""
        return self.api.rpartition("/")[0]

    @property
    def full_name(self) -> str:
        """``apiVersion/kind``, as a manifest names it."""
        return f"{self.api}/{self.kind}"

    def title(self, namespace: str | None, name: str) -> str:
        """Name an object for people: ``Deployment shop/cart``."""
        return f"{self.kind} {namespace}/{name}" if namespace else f"{self.kind} {name}"

    @property
    def built_in(self) -> bool:
        """Whether Kubernetes itself has it."""
        return not is_custom(self.group)

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of one object, or of all of them (in a namespace, or anywhere)."""
        parts = ["/apis" if self.group else "/api", self.api]
        if namespace is not None and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        return "/".join(parts)


def is_custom(group: str) -> bool:
    """Whether a definition (CRD) brings an API group: other people's have a domain of their own."""
    return "." in group and not group.endswith(".k8s.io")


class KubernetesError(BlueGreenError):
    """The API server refused, or did not answer.

    Attributes:
        status: HTTP status, 0 when there was no answer.
        causes: what the server names in ``details.causes``.
        missing_verb: the verb that this user has no right to, empty where it is not a matter of rights.
    """

    def __init__(
        self, sentence: str, *, status: int = 0, causes: list[dict[str, str]] | None = None, reason: str = "", missing_verb: str = ""
    ) -> None:
        super().__init__(sentence, status=status, reason=reason)
        self.status = status
        self.causes = causes or []
        self.reason = reason
        self.missing_verb = missing_verb


@dataclass
class Api:
    """One API server, as one user.

    Attributes:
        access: where it is and how to be let in.
        timeout: seconds for one request.
        deadline: seconds for all of them together, waiting included.
        requests: how many were made, by verb.
    """

    access: Access
    timeout: float = 10.0
    deadline: float = 120.0
    requests: dict[str, int] = field(default_factory=dict)
    _begun: float = field(default_factory=time.monotonic)
    _answered: bool = False
    _sleep: Callable[[float], None] = time.sleep

    def get(self, kind: Kind, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return one object, None when it is not there."""
        try:
            return _object(self._ask("get", "GET", kind, namespace, name), kind, name)
        except KubernetesError as error:
            if error.status == 404:
                return None
            raise

    def list_all(self, kind: Kind, namespace: str | None = None, *, labels: str = "") -> list[dict[str, Any]]:
        """Return all objects of a kind, page by page.

        Args:
            kind: which.
            namespace: where; None for everywhere.
            labels: a label selector.
        """
        found: list[dict[str, Any]] = []
        try:
            for page in self.pages(kind, namespace, labels=labels):
                found += page
        except KubernetesError as error:
            if error.status != 410 or not found:
                raise
            # The rest of a list expires after 5 minutes; then all of it is asked for at once, as the client of Kubernetes itself does.
            found = _items(self._ask("list", "GET", kind, namespace, query=_selecting(labels)), kind)
        return found

    def pages(self, kind: Kind, namespace: str | None = None, *, labels: str = "") -> Iterator[list[dict[str, Any]]]:
        """Yield all objects of a kind, page by page; see ``list_all``.

        Raises:
            KubernetesError: with status 410 where the rest has expired.
        """
        query = {"limit": str(PAGE), **_selecting(labels)}
        while True:
            answer = self._ask("list", "GET", kind, namespace, query=query)
            yield _items(answer, kind)
            rest = (answer.get("metadata") or {}).get("continue")
            if not rest:
                return
            if rest == query.get("continue"):
                raise KubernetesError(f"list {kind.plural}: the server gives the same page again and again; see its log, or the proxy's.")
            query["continue"] = str(rest)

    def apply(self, kind: Kind, manifest: Mapping[str, Any], *, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
        """Apply a manifest on the server, as our field manager.

        Args:
            kind: of what.
            manifest: only the fields that are ours.
            force: take fields over from other managers.
            dry_run: let the server check it, without storing it.
        """
        meta = manifest["metadata"]
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower(), **({"dryRun": "All"} if dry_run else {})}
        answer = self._ask("patch", "PATCH", kind, meta.get("namespace"), meta["name"], query=query, body=manifest)
        return _object(answer, kind, meta["name"])

    def delete(self, kind: Kind, namespace: str | None, name: str, uid: str) -> None:
        """Delete the very object that was read; one that is gone already is fine."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            answer = self._ask("delete", "DELETE", kind, namespace, name, body=body)
        except KubernetesError as error:
            if error.status != 404:
                raise
            return
        # What goes at once is answered by a Status, what takes its time by itself.
        if not (answer.get("kind") == "Status" and answer.get("status") == "Success"):
            _object(answer, kind, name)

    def _ask(
        self,
        verb: str,
        method: str,
        kind: Kind,
        namespace: str | None,
        name: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        what = _Request(verb, method, kind, namespace, name)
        url = self.access.host + kind.path(namespace, name) + (f"?{urlencode(query)}" if query else "")
        headers = dict(self.access.headers)
        data = None
        if body is not None:
            headers["Content-Type"] = APPLY if method == "PATCH" else "application/json"
            data = json.dumps(body).encode()
        until = time.monotonic() + PATIENCE
        while True:
            status, answer, pause = self._once(what, method, url, headers, data, until)
            if pause is None:
                break
            self._sleep(pause)
        if not 200 <= status < 300:
            raise _refused(what, status, answer, self.access)
        return answer

    def _once(
        self, what: _Request, method: str, url: str, headers: Mapping[str, str], data: bytes | None, until: float
    ) -> tuple[int, dict[str, Any], float | None]:
        """Ask once. The third part is how long to wait before it is asked again, None when this answer stands.

        All our requests may be repeated: reads, applies, and deletions of one uid.
        """
        left = self.deadline - (time.monotonic() - self._begun)
        if left <= 0:
            raise KubernetesError(
                f"{what.words()}: the time for the whole task ({self.deadline:g} s) is over; what was done is kept, run again."
            )
        import urllib3

        self.requests[what.verb] = self.requests.get(what.verb, 0) + 1
        limit = min(self.timeout, left)
        timeout = urllib3.Timeout(connect=limit, read=limit)
        try:
            answer = self.access.pool.request(method, url, body=data, headers=headers, timeout=timeout, retries=False, redirect=False)
        except ValueError as error:
            # Of a header that cannot be sent: its text quotes it, and one of them is the token.
            raise KubernetesError(f"{what.words()}: the request cannot be sent ({type(error).__name__}); see URL and token.") from None
        except urllib3.exceptions.HTTPError as error:
            # At first contact a wrong address is likelier than a restart, and a fleet must not wait for each of its hosts.
            if self._answered and time.monotonic() < until and not _no_answer.is_tls(error):
                return 0, {}, 0.25
            server = f"the API server at {self.access.host}"
            said = _no_answer.why(server, error, limit, address="the address", authority="ca_cert, or in the kubeconfig")
            raise KubernetesError(said) from None
        self._answered = True
        if answer.status in (429, 503, 504) and time.monotonic() < until:
            return answer.status, {}, min(_retry_after(answer.headers.get("Retry-After")), max(0.1, until - time.monotonic()))
        return answer.status, _json_of(answer.data), None


@dataclass(frozen=True)
class _Request:
    verb: str
    method: str
    kind: Kind
    namespace: str | None
    name: str | None

    def words(self) -> str:
        """What was asked, as a person would say it."""
        subject = f"{self.kind.kind} {self.name}" if self.name else f"{self.kind.plural}"
        where = f" in {self.namespace}" if self.namespace and self.kind.namespaced else ""
        return f"{self.verb} {subject}{where}"

    def resource(self) -> str:
        """The resource as an RBAC rule names it."""
        named = f"{self.kind.plural}.{self.kind.group}" if self.kind.group else self.kind.plural
        return f"{named} in namespace {self.namespace}" if self.namespace and self.kind.namespaced else f"{named} (in the whole cluster)"


def _selecting(labels: str) -> dict[str, str]:
    return {"labelSelector": labels} if labels else {}


def _retry_after(value: str | None) -> float:
    """Return the seconds to wait; the server says whole ones, and 1 is what it says under load."""
    return max(0.1, float(value)) if value and value.isascii() and value.isdigit() else 0.5


def _json_of(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    # A proxy answers in HTML.
    return found if isinstance(found, dict) else {"message": _short(data[:200].decode(errors="replace"))}


def _object(answer: dict[str, Any], kind: Kind, name: str) -> dict[str, Any]:
    """Return an answer that is the object that was asked for.

    A login page with status 200, a cut answer or a wrong address would else count as "nothing is there" or "it was done".

    Raises:
        KubernetesError: it is something else.
    """
    meta = answer.get("metadata")
    if not isinstance(meta, dict) or meta.get("name") != name or answer.get("kind", kind.kind) != kind.kind:
        raise _unexpected(f"{kind.kind} {name}", answer)
    return answer


def _items(answer: dict[str, Any], kind: Kind) -> list[dict[str, Any]]:
    """Return the objects of an answer that is a list of them; see ``_object``.

    Raises:
        KubernetesError: it is something else.
    """
    items = [] if answer.get("items", False) is None else answer.get("items")
    if not isinstance(items, list) or not isinstance(answer.get("metadata"), dict) or not all(_is_named(item) for item in items):
        raise _unexpected(f"list of {kind.plural}", answer)
    # Kind and version stand at the list, not at its items.
    return [{"apiVersion": kind.api, "kind": kind.kind, **item} for item in items]


def _is_named(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("metadata"), dict) and isinstance(item["metadata"].get("name"), str)


def _unexpected(what: str, answer: Mapping[str, Any]) -> KubernetesError:
    said = f"kind {answer['kind']}" if isinstance(answer.get("kind"), str) else "no object of Kubernetes"
    return KubernetesError(f"the answer is no {what} but {_short(said)}; see whether an API server is at that address, or only a proxy.")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def _refused(what: _Request, status: int, answer: Mapping[str, Any], access: Access) -> KubernetesError:
    """Make an error of an answer that is none of 2xx."""
    details = answer.get("details")
    given = details.get("causes") if isinstance(details, dict) else None
    causes = [{str(key): str(value) for key, value in cause.items()} for cause in given or [] if isinstance(cause, dict)]
    reason = str(answer.get("reason") or "")
    message = str(answer.get("message") or reason or f"status {status}")
    said = _short(message)
    if missing := re.search(r" cannot (\w+) resource", message) if status == 403 else None:
        # An apply that makes an object needs the verb create, too: only the server knows which of the two it was.
        sentence = f"not allowed for {access.who} (403); grant the verb {missing[1]} on {what.resource()}. The server said: {said}"
    else:
        sentence = _because(what, status, said, access) or _because_of(causes, status, said)
    whole = f"{what.words()}: {sentence or f'the server could not do it ({status}: {said})'}"
    return KubernetesError(
        # Others add a sentence of theirs; what the server said last has an end of its own, or none.
        whole if whole.endswith((".", "!", "?")) else f"{whole}.",
        status=status,
        causes=causes,
        reason=reason,
        missing_verb=missing[1] if missing else "",
    )


def _because(what: _Request, status: int, said: str, access: Access) -> str:
    """Say what a status means that needs no details."""
    if status == 401:
        return f"the API server at {access.host} does not accept the credentials of {access.who} (401); renew them."
    if status == 403 and "exceeded quota" in said:
        return f"a quota stands in the way ({said}); lower what is asked for, or raise that quota."
    if status == 403 and "being terminated" in said:
        return "the namespace is being deleted; wait until it is gone, then run again."
    if status == 403:
        return f"the server forbids that to {access.who}, whatever its verbs (403: {said}); change what is asked for, or what forbids it."
    if status == 404 and said.startswith("namespaces "):
        return f"the namespace {what.namespace} is not there (404); make it first, or correct its name."
    if status == 404:
        # No definition brings what Kubernetes itself lacks: the server is too old, or something else answers there.
        served = f"this is a Kubernetes that has {what.kind.api}" if what.kind.built_in else "the definition of the kind (CRD) is installed"
        return f"the server does not know that kind (404: {said}); see whether {served}."
    if status in (503, 504):
        return f"the server, or what stands before it, is not ready ({status}), still after {PATIENCE:g} s; see whether it is up."
    if 300 <= status < 400:
        return f"the server sends us elsewhere ({status}); give the address of the API server itself."
    if status == 429:
        return f"the server is asked too much (429), still after {PATIENCE:g} s; run again later, or with fewer forks."
    return ""


def _because_of(causes: list[dict[str, str]], status: int, said: str) -> str:
    """Say what a refusal with causes means: a conflict or an invalid field."""
    fields = "; ".join(f"{cause.get('field', '?')}: {_short(cause.get('message', ''))}" for cause in causes[:5])
    if status == 409 and any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        return f"other managers own what would change: {fields}. To take these fields over, give take_over: true."
    if status == 409:
        return f"somebody else changed it at the same moment (409: {said}); run again."
    if status == 422:
        return f"the server finds it invalid (422): {fields or said}."
    return ""
