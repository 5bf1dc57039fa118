# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup as a playbook has it, through ansible-core's own loader."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ansible_collections.bluegreen.orchestrator as collection

CANARY = "canary-c0ffee-secret"
COLLECTIONS = str(Path(next(iter(collection.__path__))).parents[2])
WAY_IN = {"endpoint": "http://127.0.0.1:9000", "access_key": "signer", "secret_key": CANARY, "key_prefix": "uploads/"}
MB = 10**6

# In a process of its own: ansible-core finds plugins only in collections that were imported through its own finder. Many calls in one, for
# each process takes a second.
LOOKUP = """
import json, sys
from ansible.plugins.loader import init_plugin_loader, lookup_loader
init_plugin_loader([sys.argv[1]])
from ansible.errors import AnsibleError
for terms, options in json.load(sys.stdin):
    try:
        print(json.dumps(lookup_loader.get("bluegreen.orchestrator.presigned_post").run(terms, {}, **options)))
    except AnsibleError as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
"""


def call(*calls: tuple[list[str], dict[str, Any]], **variables: str) -> list[Any]:
    """Return what each call gives: a list of forms, or what it says."""
    environment = {name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG" and not name.startswith("MINIO_")}
    done = subprocess.run(
        [sys.executable, "-c", LOOKUP, COLLECTIONS],
        input=json.dumps(calls),
        env={**environment, **variables},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# The offer, of the price list: bucket, the largest object in MB, and its types; and the life of an address in seconds.
SOLD: dict[str, tuple[int, dict[str, tuple[int, list[str]]]]] = {
    "standard": (
        3600,
        {
            "products": (5, ["image/jpeg", "image/png", "image/webp", "image/gif"]),
            "sav": (10, ["application/pdf", "image/*", "text/plain"]),
            "newsletters": (2, ["text/html", "image/*", "application/pdf"]),
        },
    ),
    "premium": (
        7200,
        {
            "products": (25, ["image/*", "video/mp4", "video/webm"]),
            "sav": (50, ["application/*", "image/*", "text/*", "video/*"]),
            "newsletters": (10, ["text/html", "image/*", "application/pdf"]),
        },
    ),
    "business": (86400, {"products": (500, ["*/*"]), "sav": (500, ["*/*"]), "newsletters": (100, ["*/*"])}),
}


def seconds(form: dict[str, Any], begun: datetime) -> float:
    """The life of a form from when the test began."""
    return (datetime.strptime(form["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - begun).total_seconds()


def test_a_tier_gives_what_was_sold() -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    places = [(tier, name) for tier, (_, buckets) in SOLD.items() for name in buckets]
    found = call(*((["acme"], {**WAY_IN, "tier": tier, "tier_bucket": name}) for tier, name in places))
    for (tier, name), made in zip(places, found, strict=True):
        life, buckets = SOLD[tier]
        size, types = buckets[name]
        assert [form["type"] for form in made] == types, (tier, name)
        assert {form["max_size"] for form in made} == {size * MB}
        assert all(life <= seconds(form, begun) < life + 60 for form in made)


GIVEN: dict[str, Any] = {**WAY_IN, "max_size": "3MB", "types": ["image/png"]}
TIER = {**WAY_IN, "tier": "standard", "tier_bucket": "products"}


def test_what_is_given_wins_and_an_hour_is_the_default() -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    extra = {"standard": {"object_storage": {"buckets": {"products": {"max_file_size": "7MB"}}}}}
    plain, over, own, two = call(
        (["acme"], GIVEN),
        (["acme"], {**TIER, "max_size": "1MB", "types": "image/*,text/plain", "expires": 60}),
        (["acme"], {**TIER, "tiers_extra": extra}),
        (["acme", "globex"], {**GIVEN, "types": ["image/png", "text/*"]}),
    )
    assert 3600 <= seconds(plain[0], begun) < 3660
    assert [(form["type"], form["max_size"]) for form in over] == [("image/*", MB), ("text/plain", MB)]
    assert 60 <= seconds(over[0], begun) < 120
    assert own[0]["max_size"] == 7 * MB
    assert [form["url"].rpartition("/")[2] for form in two] == ["acme", "acme", "globex", "globex"]
    conditions = json.loads(base64.b64decode(plain[0]["fields"]["policy"]))["conditions"]
    assert ["content-length-range", 0, 3 * MB] in conditions


def without(name: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    return {key: value for key, value in (options or GIVEN).items() if key != name}


REFUSED: list[tuple[list[str], dict[str, Any], str]] = [
    (["Acme"], GIVEN, "bucket: 'Acme' cannot name a bucket"),
    (["a.-b"], GIVEN, "bucket: 'a.-b' cannot name a bucket"),
    (["acme"], without("max_size"), "max_size: not given; give it, or tier and tier_bucket."),
    (["acme"], without("types"), "types: not given; give it, or tier and tier_bucket."),
    (["acme"], without("tier_bucket", TIER), "tier_bucket: not given; the two are given together, or none of them."),
    (["acme"], without("tier", TIER), "tier: not given; the two are given together"),
    (["acme"], {**TIER, "tier": "gold"}, "tier: "),
    (
        ["acme"],
        {**TIER, "tier_bucket": "photos"},
        "tier_bucket: 'photos' is no bucket of the tier standard; there are products, sav, newsletters.",
    ),
    (["acme"], without("endpoint"), "endpoint: not given; give it, or set the variable MINIO_ENDPOINT."),
    (["acme"], without("access_key"), "access_key: not given; give it, or set the variable MINIO_ACCESS_KEY."),
    (["acme"], without("secret_key"), "secret_key: not given; give it, name a file in secret_key_file, or set the variable"),
    (["acme"], {**GIVEN, "secret_key_file": "/nowhere"}, "secret_key_file: secret_key is given too"),
    (["acme"], {**without("secret_key"), "secret_key_file": "/nowhere"}, "secret_key_file: '/nowhere' cannot be read"),
    (["acme"], {**GIVEN, "endpoint": f"http://bob:{CANARY}@a"}, "endpoint: the URL carries a user or password"),
    (["acme"], {**GIVEN, "region": ""}, "region: '' is no name of a region"),
    (["acme"], {**GIVEN, "key_prefix": "/"}, "key_prefix: '/' is no prefix of an object"),
    (["acme"], {**GIVEN, "max_size": "6Gi"}, "max_size: '6Gi' is not a size of one upload"),
    (["acme"], {**GIVEN, "types": "png"}, "types: ['png'] is not a list of MIME types"),
    (["acme"], {**GIVEN, "expires": 0}, "expires: 0 is not a number of seconds"),
    (["acme"], without("key_prefix"), "key_prefix"),
]


def test_what_cannot_work_is_a_sentence() -> None:
    found = call(*((terms, options) for terms, options, _ in REFUSED))
    assert len(found) == len(REFUSED)
    for said, (_, options, sentence) in zip(found, REFUSED, strict=True):
        assert sentence in str(said), options
        assert CANARY not in str(said)


def test_the_environment_and_a_file_are_ways_in(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{CANARY}\n")
    limits = {"key_prefix": "a/", "max_size": "1MB", "types": ["*/*"], "secret_key_file": str(key)}
    [[by_file]] = call((["acme"], limits), MINIO_ENDPOINT="https://storage.example", MINIO_ACCESS_KEY="signer")
    assert by_file["url"] == "https://storage.example/acme"
    [[by_variable]] = call(
        (["acme"], without("secret_key_file", limits)), MINIO_ENDPOINT="http://e", MINIO_ACCESS_KEY="abc", MINIO_SECRET_KEY=CANARY
    )
    assert by_variable["fields"]["x-amz-credential"].startswith("abc/")
