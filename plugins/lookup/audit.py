# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and prove an audit log from a playbook."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit
short_description: Prove the audit log and read its records
version_added: 0.1.0
description:
  - Walks the chain that the callback P(bluegreen.orchestrator.audit#callback) wrote through all its rotated files, on the controller.
  - A broken chain is no error of the lookup. Read RV(_list[].broken).
author:
  - BlueGreen Orchestrator team (@bluegreen-orchestrator)
extends_documentation_fragment:
  - bluegreen.orchestrator.audit
  - bluegreen.orchestrator.audit.lock
options:
  _terms:
    description:
      - Logs to read; the one named by O(path) when none is given.
    type: list
    elements: path
  expect_head:
    description:
      - A head noted earlier and kept elsewhere. The chain must still contain that line; a cut-off tail is not seen without it.
    type: str
  expect_start:
    description:
      - The hash that the first line must name as the line before it, when older files were archived away.
    type: str
  site:
    description:
      - Return only records about this site, and the beginning and end of its runs.
    type: str
  with_entries:
    description:
      - Whether to return the records and runs, beside the proof.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Stop when the trace was tampered with
  vars:
    proof: "{{ lookup('bluegreen.orchestrator.audit', with_entries=false) }}"
  ansible.builtin.assert:
    that: proof.ok
    fail_msg: "{{ proof.broken.file }} line {{ proof.broken.line }}: {{ proof.broken.why }}"

- name: Show what was done on a site
  ansible.builtin.debug:
    msg: "{{ (lookup('bluegreen.orchestrator.audit', site='acme')).runs }}"
"""

RETURN = r"""
_list:
  description: One proof per log.
  type: list
  elements: dict
  contains:
    path:
      description: The log.
      type: str
    ok:
      description: Whether the chain is whole.
      type: bool
    broken:
      description: The first broken line, by its C(file), C(line), C(kind) and C(why); V(null) when the chain is whole.
      type: dict
    lines:
      description: Number of lines in all files.
      type: int
    files:
      description: The files that were walked, oldest first.
      type: list
      elements: str
    head:
      description: Hash of the last line. Note it elsewhere, and give it as O(expect_head) later.
      type: str
    first_prev:
      description: What the first line names as the line before it. 64 zeros when the chain is complete from its beginning.
      type: str
    torn:
      description: Lines that a power cut left half written, in words.
      type: list
      elements: str
    entries:
      description: The records, oldest first.
      type: list
      elements: dict
    runs:
      description: The records grouped by run, oldest first.
      type: list
      elements: dict
    last:
      description: Number, time and hash of the last of RV(_list[].entries); V(null) when there is none.
      type: dict
"""

from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit import AuditError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._audit_verify import verify
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils import _audit_history, _run


class LookupModule(LookupBase):
    """Proves each log and returns its records."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return one proof per log.

        Args:
            terms: paths of logs.
            variables: the task's variables.
            **kwargs: the options.

        Returns:
            One mapping per log.

        Raises:
            AnsibleLookupError: a log cannot be read.
        """
        options: Any = self
        options.set_options(var_options=variables, direct=kwargs)
        return [self._prove(str(path)) for path in terms or [_run.log_path(self)]]

    def _prove(self, path: str) -> dict[str, Any]:
        wanted = _run.option(self, "with_entries")
        try:
            found = verify(
                path,
                expect_head=_run.option(self, "expect_head") or None,
                expect_start=_run.option(self, "expect_start") or None,
                keep=(lambda _record: True) if wanted else None,
                lock_timeout=_run.option(self, "lock_timeout"),
            )
        except AuditError as error:
            raise AnsibleLookupError(error.sentence) from error
        site = _run.option(self, "site")
        entries = _audit_history.of_site(found.entries, site) if site else found.entries
        return {
            **{key: value for key, value in asdict(found).items() if key != "entries"},
            "path": path,
            "ok": found.ok,
            "entries": entries,
            "runs": _audit_history.history(entries, site),
            "last": _audit_history.last_of(entries),
        }
