# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's own program: ``python -m lab.chatwoot.app``. See ``lab.chatwoot.server`` for its handle.

It is no Chatwoot. What an endpoint answers follows Chatwoot's source; what it must look like is ``contract.Contract``'s to say.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from lab.chatwoot import application, conversations, platform
from lab.chatwoot.calls import Call, CrashError, MissingError, RefusalError, Reply, unauthorized
from lab.chatwoot.contract import NO_JSON, BrokenContractError, Contract, Operation
from lab.chatwoot.state import State
from lab.server import LOOPBACK

VERSION = "4.14.1"
# Where it is told the token of its platform app.
VARIABLE = "CHATWOOT_STAND_IN_TOKEN"
# A test that sends on purpose what the description does not know, to see what Chatwoot does with it, says so.
OFF_CONTRACT = "X-Lab-Off-Contract"
RAILS_404 = "<!DOCTYPE html><html><head><title>The page you were looking for doesn't exist (404)</title></head><body></body></html>"
RAILS_500 = "<!DOCTYPE html><html><head><title>We're sorry, but something went wrong (500)</title></head><body></body></html>"
READS = ("GET", "HEAD")
ROUTES: Mapping[str, Callable[[Call], Reply]] = {**platform.ROUTES, **application.ROUTES, **conversations.ROUTES}


class StandIn:
    """Answers as Chatwoot does, remembers what it was asked, and misbehaves on demand."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.contract = Contract()
        self.requests: list[dict[str, Any]] = []
        self.violations: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request but those of the lab."""
        data = await request.read()
        self.requests.append({"method": request.method, "path": request.path_qs, "write": request.method not in READS})
        settings = self.state.settings
        if settings["frozen_seconds"]:
            await asyncio.sleep(settings["frozen_seconds"])
        if self._breaks("broken_before", request):
            return _cut(request)
        made = self._misbehaved(request) or self._answered(request, data)
        self.state.save()
        return _cut(request) if self._breaks("broken_after", request) else made

    def _breaks(self, when: str, request: web.Request) -> bool:
        left: int = self.state.settings[when]
        if left <= 0 or request.method in READS:
            return False
        self.state.settings[when] = left - 1
        return left == 1

    def _misbehaved(self, request: web.Request) -> web.Response | None:
        settings = self.state.settings
        if settings["throttled"] > 0:
            settings["throttled"] -= 1
            headers = {} if settings["retry_after"] is None else {"Retry-After": str(settings["retry_after"])}
            return web.Response(status=429, text="Retry later\n", headers=headers)
        for one in settings["instead"]:
            if re.match(one["match"], f"{request.method} {request.path}"):
                settings["instead"].remove(one)
                return web.Response(status=one["status"], text=one["text"], content_type=one.get("type", "text/html"))
        return None

    def _answered(self, request: web.Request, data: bytes) -> web.Response:
        if request.path in ("/health", "/api"):
            return web.json_response({"status": "woot"} if request.path == "/health" else self._about())
        self.state.reap()
        try:
            operation = self.contract.find(request.method, request.path)
            handler = ROUTES.get(operation.route) if operation else None
            if operation is None or handler is None:
                raise BrokenContractError(f"{request.method} {request.path} is no route of the description that the stand-in has")
            reply = self._asked(request, operation, handler, data)
            self.contract.check_response(operation, reply.status, reply.body)
        except BrokenContractError as broken:
            self.violations.append(str(broken))
            return web.Response(status=500, text=f"STAND-IN: CONTRACT BROKEN: {broken}")
        return _response(reply)

    @staticmethod
    def _about() -> dict[str, str]:
        return {"version": VERSION, "timestamp": "2026-06-10 12:00:00", "queue_services": "ok", "data_services": "ok"}

    def _asked(self, request: web.Request, operation: Operation, handler: Callable[[Call], Reply], data: bytes) -> Reply:
        is_platform = request.path.startswith("/platform/")
        try:
            call = self._let_in(request, is_platform=is_platform)
            call.body = self._body(request, operation, data)
            return handler(call)
        except RefusalError as refusal:
            return refusal.reply
        except MissingError:
            return Reply(404, text=RAILS_404) if is_platform else Reply(404, {"error": "Resource could not be found"})
        except CrashError:
            return Reply(500, text=RAILS_500)
        except BrokenContractError:
            raise
        except Exception:
            # A mistake of the stand-in's own is as loud.
            raise BrokenContractError(f"{operation.route}: {traceback.format_exc()}") from None

    def _body(self, request: web.Request, operation: Operation, data: bytes) -> Any:
        body = json.loads(data) if data else None
        if data and request.content_type != "application/json":
            raise BrokenContractError(f"{operation.route}: the body is {request.content_type}")
        if OFF_CONTRACT not in request.headers:
            self.contract.check_request(operation, body, dict(request.query))
        return body or {}

    def _let_in(self, request: web.Request, *, is_platform: bool) -> Call:
        token = request.headers.get("api_access_token", "")
        owner: Any
        kind, owner = self.state.owner(token) if token else ("", None)
        numbers = tuple(int(part) for part in request.path.split("/") if part.isdigit())
        call = Call(self.state, {}, dict(request.query), numbers=numbers)
        if is_platform:
            if kind != "platform":
                raise unauthorized("Invalid access_token")
            call.app = owner
            return call
        if not kind:
            raise unauthorized("Invalid Access Token")
        if kind != "user":
            raise unauthorized("Access to this endpoint is not authorized for bots")
        if request.path == "/api/v1/profile":
            call.user = owner
            return call
        return self._let_into_account(call, owner, request.path)

    def _let_into_account(self, call: Call, user: dict[str, Any], path: str) -> Call:
        account = self.state.find("accounts", call.numbers[0])
        if not account:
            raise MissingError
        places = self.state.where("account_users", account_id=account["id"], user_id=user["id"])
        # The account itself is looked for among the user's own, whatever its status.
        is_account_itself = path.endswith(f"/accounts/{account['id']}")
        if is_account_itself and not places:
            raise MissingError
        if account["status"] != "active" and not is_account_itself:
            raise unauthorized("Account is suspended")
        if not places:
            raise unauthorized("You are not authorized to access this account")
        call.account, call.user, call.place = account, user, places[0]
        return call


def _response(reply: Reply) -> web.Response:
    if reply.body is not NO_JSON:
        return web.json_response(reply.body, status=reply.status)
    return web.Response(status=reply.status, text=reply.text, content_type="text/html")


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


class Control:
    """What the lab alone may ask: ``/_lab/...`` at a port of its own, so that it is in no request log."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.state = stand_in.state

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        return [
            web.get("/_lab/state", self.read),
            web.post("/_lab/reset", self.reset),
            web.put("/_lab/settings", self.settings),
            web.post("/_lab/daily", self.daily),
            web.post("/_lab/records", self.edit),
            web.get("/_lab/requests", self.requests),
            web.get("/_lab/violations", self.violations),
        ]

    async def read(self, _request: web.Request) -> web.Response:
        """Everything that it holds, tokens too."""
        return web.json_response(self.state.data)

    async def reset(self, _request: web.Request) -> web.Response:
        """Blank again; the request log, too."""
        self.state.reset()
        self.stand_in.requests.clear()
        self.stand_in.violations.clear()
        return web.json_response({})

    async def settings(self, request: web.Request) -> web.Response:
        """Change how it behaves."""
        given = await request.json()
        unknown = given.keys() - self.state.settings.keys()
        if unknown:
            return web.Response(status=400, text=f"no setting: {', '.join(sorted(unknown))}")
        self.state.settings.update(given)
        self.state.save()
        return web.json_response(self.state.settings)

    async def daily(self, _request: web.Request) -> web.Response:
        """A day passes."""
        self.state.daily()
        return web.json_response({})

    async def edit(self, request: web.Request) -> web.Response:
        """Change a record by hand, as somebody in the browser would; without an id, add one."""
        given = await request.json()
        table, number, fields = given["table"], given.get("id"), given["fields"]
        record = self.state.find(table, number) if number else self.state.add(table)
        if record is None:
            return web.Response(status=404, text=f"no {number} in {table}")
        record.update(fields)
        self.state.save()
        return web.json_response(record)

    async def requests(self, _request: web.Request) -> web.Response:
        """What it was asked since the reset, in order."""
        return web.json_response(self.stand_in.requests)

    async def violations(self, _request: web.Request) -> web.Response:
        """What did not fit the description since the reset."""
        return web.json_response(self.stand_in.violations)


async def _listen(routes: list[web.RouteDef], port: int) -> web.AppRunner:
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port, backlog=1024, reuse_address=True).start()
    return runner


async def serve(state: State, port: int, control_port: int) -> None:
    """Serve until SIGTERM."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    stand_in = StandIn(state)
    # The control endpoints last: once they answer, the rest does too.
    runners = [
        await _listen([web.route("*", "/{path:.*}", stand_in.answer)], port),
        await _listen(Control(stand_in).routes(), control_port),
    ]
    await over.wait()
    for runner in runners:
        await runner.cleanup()


def main() -> None:
    """Read the command line and serve; the platform app's token is a variable of the environment."""
    parser = argparse.ArgumentParser(description="A stand-in for Chatwoot. It is no Chatwoot.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--state", type=Path)
    given = parser.parse_args()
    asyncio.run(serve(State(given.state, os.environ[VARIABLE]), given.port, given.control_port))


if __name__ == "__main__":
    main()
