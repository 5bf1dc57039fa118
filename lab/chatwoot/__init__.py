# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Chatwoot on loopback, for none can be installed where the tests run: it is no Chatwoot, and says so wherever it is named.

    python -m lab.chatwoot             serve one on this machine until Ctrl-C, to try things by hand
    python -m lab.chatwoot.extract     make openapi.json anew from Chatwoot's own swagger.json

What holds it to the real thing: each request and each answer is validated against Chatwoot's own OpenAPI description (``openapi.json``,
an extract), and where Chatwoot itself does otherwise, the table ``differences.DIFFERENCES`` says so with its evidence. The same tests run
against a real Chatwoot with ``make chatwoot-conformance``.
"""

from __future__ import annotations

from lab.chatwoot.server import ChatwootStandIn

__all__ = ["ChatwootStandIn"]
