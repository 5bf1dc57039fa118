# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a Chatwoot of ours: what is named of it by its id alone, the backups before it, and what stays."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._desk_parts import PARTS, REMOVAL
from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._desk_filters import desk_backup, desk_part, desk_place, desk_stays
from tests.unit.desk_cases import EXTERNAL, desk


def test_what_goes_is_named_by_the_id_alone_the_last_first() -> None:
    place = desk_place("acme")
    assert (place["namespace"], place["set"]) == ("client-acme", "desk-acme-place")
    assert [one["part"] for one in place["parts"]] == list(reversed(PARTS))
    for one in place["parts"]:
        whole = desk_part(desk(), one["part"])
        assert (one["set"], one["namespaces"]) == (whole["set"], whole["namespaces"])
        # A namespace takes along all that is in it, volumes too: it goes by a step of its own, or not at all.
        assert set(one["kinds"]) == set(whole["kinds"]) - {"v1/Namespace"}
    assert "v1/Namespace" in desk_part(desk(), "place")["kinds"]


@pytest.mark.parametrize("client", ["", "Acme", "../x", "a" * 41, "None"])
def test_an_id_that_cannot_be_one_names_nothing(client: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"chatwoot_client: .* cannot be the id of a client"):
        desk_place(client)


def test_a_backup_at_once_is_that_of_the_day_under_another_name() -> None:
    for said in ({}, EXTERNAL):
        found = desk_backup(desk(**said), REMOVAL[0], "20261123")
        (job,) = found["manifests"]
        (daily,) = desk_part(desk(**said), "backup")["manifests"]
        assert job["metadata"]["name"] == "chatwoot-backup-removal-first-20261123"
        assert (found["set"], found["kinds"], found["namespaces"]) == ("desk-acme-backup-removal-first", ["batch/v1/Job"], ["client-acme"])
        # A week, so that whoever asks why it failed finds it, and whoever runs the end again does not make it again.
        assert job["spec"] == {**daily["spec"]["jobTemplate"]["spec"], "ttlSecondsAfterFinished": 7 * 24 * 3600}
    assert desk_backup(desk(), REMOVAL[1], "again")["set"] != found["set"]


def test_a_backup_of_what_cannot_be_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"chatwoot_files\.endpoint: not given"):
        desk_backup(desk(files={}), REMOVAL[0], "20261123")


def test_what_stays_is_told() -> None:
    kept = desk_stays("client-acme", "acme-backup")
    assert kept[0] == "its volumes and keys stay in the namespace client-acme: chatwoot_managed brings it back with all its data"
    assert kept[-1].startswith("its backups stay in the bucket acme-backup")
    (nothing,) = desk_stays("client-acme", "acme-backup", False, False)
    assert nothing.startswith("nothing of it was running")
    (gone,) = desk_stays("client-acme", "acme-backup", True)
    assert gone.startswith("nothing is left of it in the cluster; its backups stay in the bucket acme-backup")
