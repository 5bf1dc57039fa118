# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of an authorized_keys file let an operator in."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.bluegreen.orchestrator.plugins.plugin_utils._ssh_filters import broken_ssh_keys, staying_ssh_keys, working_ssh_keys


def line(kind: str, size: int = 32, *, named: str = "") -> str:
    name = (named or kind).encode()
    blob = len(name).to_bytes(4, "big") + name + size.to_bytes(4, "big") + bytes(size)
    return f"{kind} {base64.b64encode(blob).decode()} alice@agency"


KEY = line("ssh-ed25519")


@pytest.mark.parametrize(
    ("text", "works", "broken"),
    [
        (KEY, True, False),
        (line("ssh-rsa", 256), True, False),
        (line("sk-ssh-ed25519@openssh.com"), True, False),
        (f'no-X11-forwarding,environment="A=b c" {KEY}', True, False),
        (f'command="echo \'Please login as the user \\"debian\\" rather than \\"root\\".\'" {KEY}', False, False),
        (f'from="198.51.100.0/24" {KEY}', False, False),
        (f"restrict {KEY}", False, False),
        (f"no-pty {KEY}", False, False),
        (f"no-agent-forwarding,no-pty {KEY}", False, False),
        (f'expiry-time="20260101" {KEY}', False, False),
        (f"cert-authority {KEY}", False, False),
        (line("ssh-dss", 128), False, True),
        (line("ssh-ed25519", named="ssh-rsa"), False, True),
        (line("ssh-ed25519", 16), False, True),
        (KEY[:40], False, True),
        ("ssh-ed25519", False, True),
        ("ssh-ed25519 !!!! x", False, True),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", False, True),
        (f"# {KEY}", False, False),
        ("", False, False),
    ],
)
def test_lines(text: str, works: bool, broken: bool) -> None:
    assert working_ssh_keys(text) == ([text] if works else [])
    assert broken_ssh_keys([text]) == ([text] if broken else [])


def test_a_file_and_a_list_are_the_same() -> None:
    other = line("ecdsa-sha2-nistp256", 65)
    assert working_ssh_keys(f"# mine\n{KEY}\n\n  {other}  \nrubbish\n") == working_ssh_keys([KEY, "rubbish", other]) == [KEY, other]


@pytest.mark.parametrize(
    ("listed", "stays"),
    [
        ([KEY.replace("alice@agency", "another comment")], True),
        ([f"no-X11-forwarding {KEY}"], True),
        ([line("ssh-rsa", 256), KEY], True),
        ([line("ssh-ed25519", 40)], False),
        ([f"restrict {KEY}"], False),
        ([], False),
    ],
)
def test_a_key_stays_where_the_list_has_it_and_lets_it_open_a_shell(listed: list[str], stays: bool) -> None:
    bound = f'from="198.51.100.7" {KEY}'
    assert staying_ssh_keys(f"# mine\nrubbish\n{bound}\n", listed) == ([bound] if stays else [])
