# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quantities are read, compared and written as Kubernetes does; the tables follow quantity_test.go of apimachinery."""

from __future__ import annotations

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.module_utils._errors import InputError
from ansible_collections.bluegreen.orchestrator.plugins.module_utils._quantity import (
    canonical,
    count,
    cpu_millis,
    equal,
    format_cpu,
    format_resource,
    format_size,
    parse,
    parse_resource,
    size_bytes,
)

MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "nanos", "written"),
    [
        ("0", 0, "0"),
        ("0n", 0, "0"),
        ("0Ki", 0, "0"),
        ("00.00", 0, "0"),
        ("-0", 0, "0"),
        ("100n", 100, "100n"),
        ("100u", 100_000, "100u"),
        ("500m", 500_000_000, "500m"),
        ("0.5", 500_000_000, "500m"),
        (".5", 500_000_000, "500m"),
        ("1.", 10**9, "1"),
        ("1.G", 10**18, "1G"),
        ("+1", 10**9, "1"),
        ("-1", -(10**9), "-1"),
        ("-1.5", -1_500_000_000, "-1500m"),
        ("1.2345", 1_234_500_000, "1234500u"),
        ("2k", 2000 * 10**9, "2k"),
        ("2000", 2000 * 10**9, "2k"),
        ("1e3", 1000 * 10**9, "1e3"),
        ("1E3", 1000 * 10**9, "1e3"),
        ("1e+3", 1000 * 10**9, "1e3"),
        ("1e-3", 10**6, "1e-3"),
        ("12.5e2", 1250 * 10**9, "1250"),
        ("100e1", 1000 * 10**9, "1e3"),
        ("1E", 10**27, "1E"),
        ("1000E", 10**30, "1e21"),
        ("1Ki", 1024 * 10**9, "1Ki"),
        ("1024Mi", 2**30 * 10**9, "1Gi"),
        ("1.5Gi", 3 * 2**29 * 10**9, "1536Mi"),
        ("1Ei", 2**60 * 10**9, "1Ei"),
        # Below 1024 bytes, or in fractions of one, a binary quantity is written as a decimal one.
        ("0.5Ki", 512 * 10**9, "512"),
        ("0.1Ki", 102_400_000_000, "102400m"),
        # Finer than a billionth is rounded away from zero.
        ("0.9n", 1, "1n"),
        ("0.0000000001", 1, "1n"),
        ("-0.1n", -1, "-1n"),
        ("1.0000000001", 10**9 + 1, "1000000001n"),
        # Only binary quantities have an upper bound.
        ("8Ei", MOST * 10**9, "9223372036854775807"),
        ("100Ei", MOST * 10**9, "9223372036854775807"),
        ("9223372036854775808", (MOST + 1) * 10**9, "9223372036854775808"),
        ("10E", 10 * 10**27, "10E"),
    ],
)
def test_read_and_written_again(text: str, nanos: int, written: str) -> None:
    quantity = parse(text)
    assert quantity.nanos == nanos
    assert canonical(quantity) == written
    assert parse(written).nanos == nanos


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 ", " 1", "1 Gi", "1\n", "\u0661", "1_000", "1,5", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i"),
        *(
            "-3.01e-",
            "1e",
            "1e3Mi",
            "1eE3",
            "1K",
            "1KI",
            "1gi",
            "1GB",
            "1M i",
            "--1",
            "+-1",
            "0x10",
            "inf",
            "nan",
            "1e2.5",
            "1e31",
            "1e-31",
        ),
        *(".", "+", "-", "m", "Gi", "9" * 65),
    ],
)
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(InputError, match=r"^quota\.pods: .* is not a Kubernetes quantity; write it like 2, 500m, 512Mi or 50Gi"):
        parse(text, "quota.pods")


@pytest.mark.parametrize("value", [None, True, False, [], {}, b"1", float("nan"), float("inf")])
def test_what_is_no_text_and_no_number(value: object) -> None:
    with pytest.raises(InputError, match="is not a Kubernetes quantity"):
        parse(value)


@pytest.mark.parametrize(
    ("value", "millis"),
    [
        ("500m", 500),
        ("0.5", 500),
        (0.5, 500),
        (2, 2000),
        ("2", 2000),
        ("0.1m", 1),
        ("1u", 1),
        ("1.0001", 1001),
        ("1k", 1_000_000),
        ("0", 0),
    ],
)
def test_cpu_in_thousandths_rounded_up(value: object, millis: int) -> None:
    assert cpu_millis(value) == millis


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("1Gi", 2**30),
        ("1G", 10**9),
        ("1e9", 10**9),
        ("128974848", 128974848),
        ("129M", 129_000_000),
        ("123Mi", 128974848),
        ("1m", 1),
        (7, 7),
    ],
)
def test_sizes_in_bytes_rounded_up(value: object, size: int) -> None:
    assert size_bytes(value) == size


def test_a_part_of_a_byte_is_one_more_byte_of_whatever_has_bytes() -> None:
    """0.1Gi is a size that people write; a count of it is refused."""
    for resource in ("memory", "requests.storage", "requests.ephemeral-storage"):
        assert parse_resource(resource, "0.1Gi", resource) == 107374183


def test_a_count_is_whole_and_nothing_is_negative() -> None:
    assert [count("15"), count("2k"), count(3), count("1e3"), count("0")] == [15, 2000, 3, 1000, 0]
    with pytest.raises(InputError, match=r"quota\.pods: '1\.5' is not a whole number; write for example 2\."):
        count("1.5", "quota.pods")
    for read in (count, cpu_millis, size_bytes):
        with pytest.raises(InputError, match=r"limit: '-1' is negative; write 0 or more\."):
            read("-1", "limit")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("500m", "0.5", True),
        ("1Gi", "1024Mi", True),
        ("1Gi", "1G", False),
        ("1000m", 1, True),
        ("1e3", "1k", True),
        ("1E", "1e18", True),
        ("0.1m", "1m", False),
        ("-0", "0Gi", True),
    ],
)
def test_the_same_amount_however_written(one: object, other: object, same: bool) -> None:
    assert equal(one, other) is same


@pytest.mark.parametrize(("millis", "text"), [(0, "0"), (1, "1m"), (500, "500m"), (2000, "2"), (2600, "2600m"), (2_000_000, "2k")])
def test_cpu_is_written_and_read_again(millis: int, text: str) -> None:
    assert format_cpu(millis) == text
    assert cpu_millis(text) == millis


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1000, "1k"),
        (1024, "1Ki"),
        (4 * 2**30, "4Gi"),
        (50 * 2**30, "50Gi"),
        (15 * 10**9, "15G"),
        (3 * 2**29, "1536Mi"),
        (1025, "1025"),
    ],
)
def test_sizes_are_written_and_read_again(size: int, text: str) -> None:
    assert format_size(size) == text
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("resource", "text", "amount"),
    [
        ("requests.cpu", "2", 2000),
        ("cpu", "50m", 50),
        ("limits.memory", "8Gi", 8 * 2**30),
        ("requests.storage", "50Gi", 50 * 2**30),
        ("requests.ephemeral-storage", "1Gi", 2**30),
        ("gold.storageclass.storage.k8s.io/requests.storage", "1Gi", 2**30),
        ("pods", "15", 15),
        ("services.loadbalancers", "1", 1),
        ("persistentvolumeclaims", "3", 3),
    ],
)
def test_resources_by_their_names(resource: str, text: str, amount: int) -> None:
    assert parse_resource(resource, text, resource) == amount
    assert format_resource(resource, amount) == text
