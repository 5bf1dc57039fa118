# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes control plane on loopback: API server, controllers and scheduler with etcd, and nodes that kwok fakes.

    python -m lab.kubernetes start     start one that stays (make lab-up)
    python -m lab.kubernetes stop      end it (make lab-down)
    python -m lab.kubernetes build     only build the programs

Everything that decides is Kubernetes' own: admission, quota, Pod Security, RBAC, rollout, scheduling. Only the kubelets are played: a pod
becomes Ready without a container behind it.
"""

from __future__ import annotations

from lab.kubernetes.control_plane import ControlPlane

__all__ = ["ControlPlane"]
