# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any options at all, on real servers: a refusal changes nothing, and what a preview says is what the apply does, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.bluegreen.orchestrator.plugins.module_utils import _chatwoot_args, _minio_args, _minio_connection
from lab.minio import Minio
from tests.fuzz import Options, check_ended_well, options_of
from tests.integration.desk import Chatwoot, Desk
from tests.integration.outcomes import Runs
from tests.integration.storage import PlainBuckets

BUCKET: Options = {
    "quota": "15GB",
    "versioning": "enabled",
    "noncurrent_days": 30,
    "object_lock": True,
    "retention": {"mode": "governance", "days": 3},
    "encryption": "none",
    "lifecycle": [{"id": "a", "prefix": "tmp/", "tags": {"k": "v"}, "expire_days": 3, "newer_noncurrent_versions": 2}],
    "public_prefixes": ["public/"],
    "tags": {"tenant": "acme"},
    "notification": [{"arn": "arn:minio:sqs::PRIMARY:webhook", "events": ["s3:ObjectCreated:*"], "prefix": "a/", "suffix": ".png"}],
}
# Where it is and who asks is the test's; a replication goes to servers, whose addresses nobody draws.
NOT_DRAWN = {
    "minio_bucket": {*_minio_connection.CONNECTION_SPEC, "name", "replication", "access"},
    "chatwoot_tenant": {*_chatwoot_args.CONNECTION_SPEC, "tenant", "administrator", "wait_seconds"},
}


@st.composite
def mixed(draw: st.DrawFn, module: str, spec: Mapping[str, Any], good: Options) -> Options:
    """Most of what is good, and some that are drawn."""
    left_out = draw(st.sets(st.sampled_from(sorted(good)), max_size=3))
    return {**{name: good[name] for name in good if name not in left_out}, **draw(options_of(spec, kept=NOT_DRAWN[module], most=2))}


def holds(world: Runs, held: Callable[[], Any], spec: Mapping[str, Any], required: Options, drawn: Options) -> None:
    """What a run may do, whatever it was given."""
    options = {**required, **drawn}
    before = held()
    preview = world.run(check=True, **options)
    assert held() == before, "the preview has changed something"
    applied = world.run(**options)
    for result in (preview, applied):
        check_ended_well({name: spec[name] for name in options}, options, result)
    if preview.get("failed"):
        assert applied.get("failed"), (preview, applied)
        assert held() == before, f"refused, and yet something is changed: {applied}"
    if applied.get("failed"):
        return
    for key in ("changed", "diff", "actions"):
        assert preview[key] == applied[key], key
    if options.get("state") != "absent":
        again = world.run(**options)
        assert (again.get("failed", False), again["changed"], again["actions"]) == (False, False, []), again


# The same ones each time; by hand, without derandomize and with 1,000, it looks further.
SETTINGS = settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def test_a_bucket_with_any_options(minio: Minio) -> None:
    spec = _minio_args.MINIO_BUCKET_SPEC

    @SETTINGS
    @given(st.lists(mixed("minio_bucket", spec, BUCKET), min_size=1, max_size=2))
    def judged(tasks: list[Options]) -> None:
        world = PlainBuckets(minio)
        for options in tasks:
            holds(world, world.held, spec, {}, options)

    judged()


def test_a_desk_with_any_options(chatwoot: Chatwoot, tenant_id: str) -> None:
    if not chatwoot.stand_in:
        pytest.skip("it makes hundreds of accounts")
    stand_in = chatwoot.stand_in
    world = Desk(chatwoot, tenant_id)
    spec = _chatwoot_args.CHATWOOT_TENANT_SPEC
    required: Options = {name: world.options[name] for name in ("name", "administrator")} | {"wait_seconds": 5}
    good = {name: value for name, value in world.options.items() if name not in required}

    @SETTINGS
    @given(st.lists(mixed("chatwoot_tenant", spec, good), min_size=1, max_size=2))
    def judged(tasks: list[Options]) -> None:
        stand_in.reset()
        for options in tasks:
            holds(world, world.held, spec, required, options)

    judged()
