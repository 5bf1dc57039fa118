# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds requests and answers against Chatwoot's own OpenAPI description, read strictly: a field that it does not name is a mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator

from lab.chatwoot.differences import ANY, DIFFERENCES, Difference
from lab.chatwoot.extract import FILE

NO_JSON = object()


class BrokenContractError(Exception):
    """A request or an answer is not what the description says; the text names both."""


@dataclass(frozen=True)
class Operation:
    """One method on one path.

    Attributes:
        route: ``METHOD /path/{with}/names``.
        request: schema of the body, None when there is none.
        query: name to schema of the parameters in the query.
        responses: status to schema; None where the answer has no JSON.
        nulls: fields that may be null all the same.
    """

    route: str
    request: Mapping[str, Any] | None
    query: Mapping[str, Mapping[str, Any]]
    responses: Mapping[int, Any]
    nulls: frozenset[str]


class Contract:
    """The description with its differences."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The extract, as it is on the disk."""
        found: dict[str, Any] = json.loads(FILE.read_text())
        return found

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Every operation by its route."""
        described = {
            f"{method.upper()} {path}": (item, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "patch", "put", "delete")
        }
        named = {route for difference in DIFFERENCES for route in difference.routes if route != ANY}
        return {route: self._operation(route, *described.get(route, ({}, {}))) for route in described | dict.fromkeys(named)}

    def _operation(self, route: str, item: Mapping[str, Any], operation: Mapping[str, Any]) -> Operation:
        ours = [difference for difference in DIFFERENCES if ANY in difference.routes or route in difference.routes]
        parameters = [self._resolved(one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]
        return Operation(
            route,
            self._request(operation, ours),
            {one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
            self._responses(operation, ours),
            frozenset().union(*(difference.nulls for difference in ours)),
        )

    def _request(self, operation: Mapping[str, Any], ours: list[Difference]) -> dict[str, Any] | None:
        body = operation.get("requestBody")
        if not body:
            return None
        schema = dict(self._strict(body["content"]["application/json"]["schema"]))
        for difference in ours:
            schema["properties"] = {**schema.get("properties", {}), **difference.request}
        return schema

    def _responses(self, operation: Mapping[str, Any], ours: list[Difference]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for status, answer in operation.get("responses", {}).items():
            content = answer.get("content", {}).get("application/json")
            found[int(status)] = content["schema"] if content else None
        for difference in ours:
            found.update(difference.response)
        return found

    def _strict(self, schema: Any) -> Any:
        """Resolve all references, and let no object have what is not named."""
        if isinstance(schema, list):
            return [self._strict(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        schema = self._resolved(schema)
        made = {key: self._strict(value) for key, value in schema.items()}
        if isinstance(made.get("properties"), dict) and "additionalProperties" not in made:
            made["additionalProperties"] = False
        return made

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        found: Any = self.document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        return dict(found)

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation that a request means, None when there is none."""
        for route, operation in self.operations.items():
            own, _, template = route.partition(" ")
            if own == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return operation
        return None

    def check_request(self, operation: Operation, body: Any, query: Mapping[str, str]) -> None:
        """Hold a request against the description.

        Raises:
            BrokenContractError: it does not fit.
        """
        for name, value in query.items():
            if name not in operation.query:
                raise BrokenContractError(f"{operation.route}: the query has {name}, which the description does not name")
            # A query is text; what the description calls a number has to be one.
            is_number = operation.query[name].get("type") == "integer" and value.isascii() and value.isdigit()
            self._check(f"{operation.route}: the query's {name}", operation.query[name], int(value) if is_number else value)
        if operation.request is None:
            if body is not None:
                raise BrokenContractError(f"{operation.route}: has a body, and the description names none")
            return
        self._check(f"{operation.route}: the request's body", operation.request, body)

    def check_response(self, operation: Operation, status: int, body: Any) -> None:
        """Hold an answer against the description; ``body`` is NO_JSON where it is no JSON.

        Raises:
            BrokenContractError: it does not fit.
        """
        if status not in operation.responses:
            raise BrokenContractError(f"{operation.route}: answers {status}, which neither the description nor a difference names")
        schema = operation.responses[status]
        if schema is None or body is NO_JSON:
            if schema is not None or body is not NO_JSON:
                raise BrokenContractError(f"{operation.route}: the answer {status} {'has' if schema is None else 'lacks'} JSON")
            return
        self._check(f"{operation.route}: the answer {status}", schema, _without_nulls(body, operation.nulls))

    def _check(self, what: str, schema: Any, value: Any) -> None:
        whole = {**schema, "components": self.document["components"]} if isinstance(schema, Mapping) else schema
        for error in Draft202012Validator(whole).iter_errors(value):
            where = "/".join(map(str, error.absolute_path)) or "top"
            raise BrokenContractError(f"{what} does not fit at {where}: {error.message}")


def _without_nulls(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(item, names)
            for key, item in value.items()
            # Of a bot, the description has the token's text where the record stands.
            if not (key in names and (item is None or key == "access_token"))
        }
    return [_without_nulls(item, names) for item in value] if isinstance(value, list) else value
