# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preview = apply harness: the property the product is judged on first, as one line per world.

An offer's test::

    def test_blank(preview_apply):
        preview_apply("bluegreen.orchestrator.bluegreen", limit="acme").proves(changes=True)

    def test_converged(preview_apply, converged):
        preview_apply("bluegreen.orchestrator.bluegreen", limit="acme").proves(changes=False)

    def test_drifted(preview_apply, converged, world):
        (world.dynamic_dir / "acme.yml").write_text("http: {}")
        preview_apply("bluegreen.orchestrator.bluegreen", limit="acme").proves(changes=True)

    def test_sick(preview_apply, converged, world):
        world.site("acme", "green").behave(sick="no database")
        to_green = preview_apply("bluegreen.orchestrator.switch", limit="acme", extra_vars={"bluegreen_target": "green"})
        to_green.refuses("no database")

``proves(changes=...)`` runs the preview, the apply, and the apply again, and raises ``PreviewLieError`` with the first thing
that is not as it should be, in words:

1. one of the runs failed (it says where and why);
2. the preview wrote: any file, directory, mode, owner or time under the world's roots, or a request that is no read;
3. the preview announced other tasks, other changes or other diffs than the apply then made;
4. the runs changed something where ``changes=False`` was promised, or nothing where ``changes=True`` was;
5. the second apply changed something.

``refuses(sentence)`` is for worlds where nothing may happen: preview and apply must both fail, on the same task, with
the same message, which holds the sentence, and neither may write. Both return the ``Proof`` with the runs, for more.

Diffs are compared verbatim. What is volatile by nature is named, with its reason, in ``compare.VOLATILE``.
"""

from __future__ import annotations

from tests.harness.ansible import Ansible, Run, TaskResult
from tests.harness.preview_apply import PreviewApply, PreviewLieError, Proof
from tests.harness.tree import capture, first_change

__all__ = ["Ansible", "PreviewApply", "PreviewLieError", "Proof", "Run", "TaskResult", "capture", "first_change"]
