# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MinIO servers on loopback, and ``mc``, which reads what they hold."""

from __future__ import annotations

from lab.minio.client import Client
from lab.minio.server import Minio

__all__ = ["Client", "Minio"]
