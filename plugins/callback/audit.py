# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail: one line per run and per task that changed or failed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit
type: notification
short_description: Write an audit trail in which every line carries the hash of the line before
version_added: 0.1.0
description:
  - Writes one JSON record when a run starts, one for each host on which a task changed something, failed or was unreachable,
    and one when the run ends.
  - A record says when (UTC), who, from where, preview or apply, playbook, offer, site, task, result, the digest of the diff, how long,
    and the versions.
  - No secret enters. Contents of diffs, arguments and outputs of tasks are never written. A reason or a summary is written only when it is
    a sentence of this collection's own code and the task has no C(no_log).
  - A log that cannot be written is said once and does not stop the run, unless O(required=true).
author:
  - BlueGreen Orchestrator team (@bluegreen-orchestrator)
requirements:
  - enable in C(callbacks_enabled)
extends_documentation_fragment:
  - bluegreen.orchestrator.audit
  - bluegreen.orchestrator.audit.lock
options:
  max_bytes:
    description:
      - A log that would grow past this is renamed to C(audit.000001.jsonl), C(audit.000002.jsonl) and so on; the chain goes on.
    type: int
    default: 10485760
    ini:
      - section: callback_audit
        key: max_bytes
    env:
      - name: BLUEGREEN_AUDIT_MAX_BYTES
  required:
    description:
      - Refuse to run before the first task when the log cannot be written; when it breaks in the middle, start no further task
        and end with an error.
      - The variable C(audit_required) of any host of the play (inventory, group variables or extra variables) sets it too.
    type: bool
    default: false
    ini:
      - section: callback_audit
        key: required
    env:
      - name: BLUEGREEN_AUDIT_REQUIRED
"""

EXAMPLES = r"""
ansible.cfg: |
  # On in the clone; elsewhere these lines switch it on.
  [defaults]
  callbacks_enabled = bluegreen.orchestrator.audit, bluegreen.orchestrator.summary

  [callback_audit]
  path = /var/log/bluegreen/audit.jsonl
  required = true
"""

import secrets
import time
from datetime import UTC, datetime
from typing import Any, NoReturn

from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import AuditError, append, digest
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _run

# Beside the sentence, what a report can say in the reader's own language.
PLAIN_FACTS = ("active_before", "active_after")


class CallbackModule(CallbackBase):
    """Follows a run and writes it down."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "bluegreen.orchestrator.audit"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._playbooks = 0
        self._play: Any = None
        self._common: dict[str, Any] = {}
        self._started = 0.0
        self._open = False
        self._applies = False
        self._lost = 0
        self._stop: str | None = None
        self._begun: dict[tuple[str, str], float] = {}
        self._counted: dict[str, dict[str, int]] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Begin a run. Nothing is written yet: whether it is a preview shows only when the first play has its variables."""
        named = context.CLIARGS.get("args") or ()
        self._common = {
            "run": secrets.token_hex(8),
            "playbook": str(named[self._playbooks]) if self._playbooks < len(named) else str(playbook._file_name),
            "versions": _run.versions(),
        }
        self._playbooks += 1
        self._started = time.monotonic()
        self._open = self._applies = False
        self._lost = 0
        _run.lost_records.clear()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Write the run's first record, before any task runs."""
        self._halt()
        self._play = play
        hosts = _run.hosts_of(play)
        mode = _run.mode_of(play, hosts[0] if hosts else None) or "preview"
        self._applies = self._applies or mode == "apply"
        self._common |= {"mode": mode, "offer": _run.offer_of(play)}
        if not self._open:
            self._open = True
            variables = _run.extra_vars(play)
            self._common |= {"who": _run.who(variables), "from": _run.where_from(variables)}
            self._write({"event": "run_start"}, "the start of the run")
        elif self._lost:
            self._require("records of this run are missing in the audit log")
        self._halt()

    def v2_playbook_on_task_start(self, *_args: Any, **_kwargs: Any) -> None:
        """Start nothing after a required record was lost."""
        self._halt()

    def v2_playbook_on_handler_task_start(self, *_args: Any, **_kwargs: Any) -> None:
        """Start nothing after a required record was lost."""
        self._halt()

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Note when a host begins a task."""
        self._halt()
        self._begun[host.name, task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Record a change."""
        if result.is_changed():
            self._record(result, "changed")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Record a failure, also one that the playbook goes on after."""
        self._record(result, "failed", ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Record a site that could not be reached."""
        self._record(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the run's last record, with each site's outcome."""
        sites = {host: self._outcome(host, stats.summarize(host)) for host in sorted(stats.processed)}
        if self._open:
            outcomes = set(sites.values())
            result = "failed" if outcomes & {"failed", "unreachable"} else "changed" if "changed" in outcomes else "ok"
            mode = "apply" if self._applies else "preview"
            record = {"event": "run_end", "mode": mode, "offer": None, "result": result, "sites": sites}
            self._write(record | {"duration": round(time.monotonic() - self._started, 3)}, "the end of the run")
        self._halt()

    def _outcome(self, host: str, total: dict[str, int]) -> str:
        # ansible-core counts on from one playbook to the next of the same command.
        before = self._counted.get(host, {})
        self._counted[host] = dict(total)
        now = {key: value - before.get(key, 0) for key, value in total.items()}
        for key, word in (("unreachable", "unreachable"), ("failures", "failed"), ("changed", "changed")):
            if now[key]:
                return word
        return "ok"

    def _record(self, result: Any, outcome: str, ignored: bool = False) -> None:
        try:
            self._record_task(result, outcome, ignored)
        except Exception as error:  # ansible-core would make a warning of it, and the record would be lost without being counted
            self._lose(f"unexpected {type(error).__name__}.", f"{' '.join(_run.place_of(result))}, a task, {outcome}")

    def _record_task(self, result: Any, outcome: str, ignored: bool) -> None:
        task, (noun, site) = result.task, _run.place_of(result)
        began = self._begun.pop((result.host.name, task._uuid), None)
        mode = _run.mode_of(self._play, result.host, task) or self._common["mode"]
        self._applies = self._applies or (mode == "apply" and outcome == "changed")
        record: dict[str, Any] = {
            "event": "task",
            "mode": mode,
            "site": site,
            "task": _run.task_name(task),
            "role": _run.role_of(task),
            "action": _run.action_of(task),
            "result": outcome,
            "diff": self._digest(result),
            "duration": None if began is None else round(time.monotonic() - began, 3),
        }
        if ignored:
            record["ignored"] = True
        record |= self._sentences(result, outcome)
        self._write(record, f"{noun} {site}, task '{record['task']}', {outcome}")

    @staticmethod
    def _digest(result: Any) -> str | None:
        diffs: list[Any] = []
        for part in _run.parts(result):
            found = part.get("diff")
            diffs += found if isinstance(found, list) else [found]
        # Headers can name a temporary file, so that the preview and the apply of one change would not have one digest.
        plain = [{key: value for key, value in diff.items() if not key.endswith("_header")} for diff in diffs if isinstance(diff, dict)]
        return digest(plain) if any(plain) else None

    @staticmethod
    def _sentences(result: Any, outcome: str) -> dict[str, Any]:
        """Keep what our own code said; anybody else's message may carry a secret, and stays in the run's output."""
        if not _run.is_ours(result.task):
            return {}
        found: dict[str, Any] = {}
        if outcome == "failed":
            reason = _run.sentence(result)
            # These are ansible-core's own words, and hold values that it could not use.
            if reason and not reason.startswith(("Task failed:", "value of ")):
                found["reason"] = reason
        if outcome == "changed":
            for part in _run.parts(result):
                if isinstance(part.get("summary"), str):
                    found.setdefault("summary", _run.one_line(part["summary"]))
                found |= {key: part[key] for key in PLAIN_FACTS if isinstance(part.get(key), str)}
        return found

    def _write(self, record: dict[str, Any], what: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        full = {**self._common, **record, "time": now}
        if self._lost:
            full["lost_before"] = self._lost
        try:
            # After a first failure each further try is short: a held lock must not stretch the run by its timeout per task.
            timeout = 0.0 if self._lost else _run.option(self, "lock_timeout")
            append(_run.log_path(self), full, _run.option(self, "max_bytes"), timeout)
            self._lost = 0
        except AuditError as error:
            self._lose(error.sentence, what)

    def _lose(self, why: str, what: str) -> None:
        self._lost += 1
        _run.lost_records.append(what)
        self._require(f"{why} Not recorded: {what}.")
        if self._stop is None and len(_run.lost_records) == 1:
            self._display.warning(f"Audit: {why} Not recorded: {what}. The run goes on; audit_required: true would stop it.")

    def _require(self, why: str) -> None:
        if self._stop is None and (_run.option(self, "required") or _run.required_by_vars(self._play)):
            self._stop = why
            self._display.error(f"Audit: {why} The audit trail is required (audit_required), so nothing more is started.")

    def _halt(self) -> None:
        """End the run where no task has begun yet.

        ansible-core turns every Exception of a callback into a warning (TaskQueueManager.send_callback); SystemExit passes, closes the
        workers on its way and sets the exit code.
        """
        if self._stop is not None:
            self._exit()

    @staticmethod
    def _exit() -> NoReturn:
        raise SystemExit(1)
