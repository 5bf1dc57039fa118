# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tenant's support desk costs on the stand-in for Chatwoot, beside curl making the same calls.

The stand-in holds each request and each answer against Chatwoot's description, which is most of its time; it is the same for both.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import time
from collections.abc import Callable

from lab.chatwoot import ChatwootStandIn
from lab.server import ROOT, LabError
from tests.bench.hosts import NOTHING, TASK, Hosts, Tasks, first, fleet_row, name_of, verdict, way_row
from tests.bench.tenants import Figures, each_fleet, per_tenant, several

DIRECTORY = ROOT / "build" / "bench" / "desks"
KEY = "bluegreen_tenant"
COLOURS = ("#0A7A4B", "#1F2933")


class Bench(Hosts):
    """A stand-in, an inventory of tenants, and two ways to look at the desk of each."""

    def __init__(self, server: ChatwootStandIn, tenants: int) -> None:
        super().__init__(DIRECTORY, tenants)
        self.server = server
        self.token_file = DIRECTORY / "platform_token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(server.platform_token)

    def task(self, colour: str = COLOURS[-1], *, known: bool = True) -> Tasks:
        """Our one task: an account with limits, three people, a bot, an inbox and a webhook; ``known`` is whether we keep its number."""
        options = {
            "url": self.server.url,
            "platform_token_file": str(self.token_file),
            "tenant": "{{ inventory_hostname }}",
            "name": "Client {{ inventory_hostname }}",
            "locale": "fr",
            "limits": {"agents": 4, "inboxes": 2},
            "administrator": {"email": "desk+{{ inventory_hostname }}@agency.example", "name": "Agency"},
            "agents": [{"email": f"{one}@{{{{ inventory_hostname }}}}.example", "name": one.title()} for one in ("anna", "ben")],
            "bot": {"name": "Bot", "url": "https://bots.agency.example/{{ inventory_hostname }}"},
            "inboxes": [
                {
                    "name": "Shop",
                    "website_url": "https://shop.{{ inventory_hostname }}.example",
                    "widget_color": colour,
                    "members": ["anna@{{ inventory_hostname }}.example"],
                }
            ],
            "webhooks": [{"url": "https://hooks.agency.example/{{ inventory_hostname }}", "subscriptions": ["message_created"]}],
        }
        if known:
            options["account_id"] = "{{ desk_account_id | default(omit) }}"
        return [{"name": "desk", "bluegreen.orchestrator.chatwoot_tenant": options}]

    def keep_numbers(self) -> None:
        """Write the numbers of the accounts into the inventory, as an operator does after the first run."""
        accounts = self.server.state()["accounts"].values()
        self.known = {one["custom_attributes"][KEY]: {"desk_account_id": one["id"]} for one in accounts}
        self.write()

    def reads(self, tenant: str) -> list[str]:
        """What our unchanged task asks, as the stand-in saw it."""
        mark = len(self.server.requests())
        self.play(self.task(), limit=tenant)
        asked = self.server.requests(mark)
        if any(not one.startswith("GET ") for one in asked):
            raise LabError(f"The desk of {tenant} is not unchanged: {asked}")
        return [one.removeprefix("GET ") for one in asked]

    def curl(self, tenant: str, paths: list[str]) -> Figures:
        """One curl makes the same calls over one connection, each with the token that it needs."""
        users = self.server.state()["users"].values()
        [inside] = [one["token"] for one in users if one["email"] == f"desk+{tenant}@agency.example"]
        calls = [
            f'url = "{self.server.url}{path}"\noutput = "/dev/null"\nfail\nsilent\nshow-error\n'
            f'header = "api_access_token: {self.server.platform_token if path.startswith("/platform/") else inside}"'
            for path in paths
        ]
        mark, begun = len(self.server.requests()), time.monotonic()
        # Not among its arguments, where everybody on the machine could read the tokens.
        command = ["curl", "--fail-early", "--config", "-"]
        try:
            done = subprocess.run(command, input="\nnext\n".join(calls), capture_output=True, text=True, timeout=60, check=False)
        except FileNotFoundError:
            raise LabError("The program 'curl' is not on this machine; install it, for it is what ours is compared with.") from None
        if done.returncode:
            raise LabError(f"curl: {done.stderr.strip()}")
        seconds, asked = time.monotonic() - begun, [one.removeprefix("GET ") for one in self.server.requests(mark)]
        if asked != paths:
            raise LabError(f"curl has asked {asked}, and ours {paths}.")
        return {"seconds": seconds, "requests": len(paths), "writes": 0}


def one_tenant(bench: Bench, rounds: int) -> Figures:
    """New, unchanged and one changed value, by us; the same reads by curl."""
    tenant = name_of(0)
    new = bench.play(bench.task(), limit=tenant)
    bench.keep_numbers()
    paths = bench.reads(tenant)
    turns = itertools.cycle(COLOURS)
    ways: dict[str, Callable[[], Figures]] = {
        "ansible_itself": lambda: bench.play(NOTHING, limit=tenant),
        "one_task_of_ansible": lambda: bench.play(TASK, limit=tenant),
        "unchanged": lambda: bench.play(bench.task(), limit=tenant),
        "unchanged_preview": lambda: bench.play(bench.task(), limit=tenant, check=True),
        "unchanged_found_by_its_key": lambda: bench.play(bench.task(known=False), limit=tenant),
        "unchanged_shipped": lambda: bench.play(bench.task(), limit=tenant, bluegreen_in_worker=False),
        "unchanged_curl": lambda: bench.curl(tenant, paths),
        "changed": lambda: bench.play(bench.task(next(turns)), limit=tenant),
    }
    found: Figures = {"new": {**new, "seconds": round(new["seconds"], 3)}}
    for name, way in ways.items():
        # Warm: the first run of each imports and caches.
        way()
        found[name] = several(rounds, way)
    bench.play(bench.task(), limit=tenant)
    return found


def fleet(bench: Bench, number: int) -> Figures:
    """The desks of many tenants, made, previewed and applied again where nothing is to change."""
    limit = first(number)
    bench.play(bench.task(), limit=limit)
    bench.keep_numbers()
    found = {
        "bare": bench.play(NOTHING, limit=limit),
        "preview": bench.play(bench.task(), limit=limit, check=True),
        "unchanged": bench.play(bench.task(), limit=limit),
    }
    if found["unchanged"]["changed"]:
        raise LabError(f"Of {number} desks some are not unchanged.")
    per_tenant(found, number)
    return found


def measured(fleets: list[int], rounds: int) -> Figures:
    """Measure on a new stand-in."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    with ChatwootStandIn(DIRECTORY / "chatwoot") as server:
        bench = Bench(server, max(fleets))
        single = one_tenant(bench, rounds)
        print("the desk of one tenant measured", flush=True)
        found = {"one_tenant": single, "fleets": each_fleet(fleets, lambda number: fleet(bench, number))}
        if broken := server.violations():
            raise LabError(f"What was asked does not fit Chatwoot's description: {broken[0]}")
        return found


def section(result: Figures) -> list[str]:
    """The figures as the page has them."""
    single, fleets = result["one_tenant"], result["fleets"]
    bare, unchanged = single["ansible_itself"]["seconds"], single["unchanged"]
    limit, said = verdict(unchanged, single["unchanged_curl"], single["one_task_of_ansible"])
    return [
        "## One tenant, one support desk",
        "",
        (
            "**On a stand-in, not on a Chatwoot** (`lab/chatwoot`): it holds each request and each answer against Chatwoot's own"
            " description, so it takes another time to answer than a Chatwoot. What is compared is ours and curl, on the same stand-in. An"
            " account with limits, three people, a bot, an inbox with its look and a webhook, in one task."
        ),
        "",
        "| way | seconds | without Ansible's own start | requests | writes |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(way_row(name, one, bare, ours=not name.endswith("_curl")) for name, one in single.items()),
        "",
        (
            f"Unchanged, ours makes {unchanged['requests']} requests and takes {unchanged['seconds']:.2f} s,"
            f" {1000 * (unchanged['seconds'] - bare):.0f} ms without Ansible's own start; one curl for the same calls"
            f" {1000 * single['unchanged_curl']['seconds']:.0f} ms, and with one task of Ansible {limit:.2f} s (ours must not be slower):"
            f" {said}. Where the account's number is not in the inventory, all accounts are listed to find it by its key."
        ),
        "",
        "## Fleets of support desks, nothing to change",
        "",
        "On the stand-in, which answers one request at a time.",
        "",
        "| tenants | a task that does nothing | preview | per tenant | apply | per tenant | requests |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(fleet_row(number, fleets[number]) for number in sorted(fleets, key=int)),
    ]
