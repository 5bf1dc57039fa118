# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Kubernetes lets things be called (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations

import re
from typing import Final

# RFC 1123: namespaces, sites, services, tiers.
LONGEST_LABEL: Final = 63
DNS_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Most other objects.
DNS_SUBDOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
# The value of a label, and the part of its key after the slash.
LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
