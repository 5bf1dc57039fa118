# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make bench``: the switch measured under load, beside its peers, in one run. Writes build/bench/switch.json.

What is measured stands in ``phases``, whom it is measured on in ``subjects``, with which loads in ``loads``.
A timing is never asserted in a test; the targets are printed beside the figures.
"""
