# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The six offers, as data.

PRIVATE: for this collection's own plugins, not a public interface.

Source: the product owner's offering (seed 000, v6.8). The values are what the client reads, so contents stay in French; keys are ours.
``needs`` are decisions of ADR-0002 where the seed only implies them.
"""

from __future__ import annotations

from typing import Final, TypedDict


class Offer(TypedDict):
    """One offer.

    Keys:
        title: the name under which it is sold.
        audience: for whom.
        risk: the client's risk, in the seed's words.
        promise: what the client is promised.
        contents: what it holds.
        services: what the agency does for it, empty where the seed names nothing.
        excluded: what is expressly not part of it.
        needs: offers that must be there first.
        playbook: the playbook that delivers it, None while it is not built.
    """

    title: str
    audience: str
    risk: str
    promise: str
    contents: tuple[str, ...]
    services: tuple[str, ...]
    excluded: tuple[str, ...]
    needs: tuple[str, ...]
    playbook: str | None


OFFERS: Final[dict[str, Offer]] = {
    "infra_only": {
        "title": "Infra-Only",
        "audience": "TPE / site vitrine",
        "risk": "Très faible",
        "promise": "Un serveur propre, sécurisé, prêt pour évoluer.",
        "contents": ("Orchestrateur ZIP", "Traefik + HTTPS", "DRY_RUN par défaut", "Logs & audit", "RUNBOOK infra-only"),
        "services": ("Installation", "Validation", "Documentation"),
        "excluded": ("WordPress", "Blue/Green applicatif", "Cockpit ADMIN"),
        "needs": (),
        "playbook": "infra_only",
    },
    "infra_cockpit_safe": {
        "title": "Infra + Cockpit SAFE",
        "audience": "Clients finaux",
        "risk": "Faible",
        "promise": "Je vois ce qui se passe, sans pouvoir casser.",
        "contents": ("Offre Infra-Only", "Cockpit SAFE", "Accès lecture + dry-run", "Logs visibles client"),
        "services": (),
        "excluded": (),
        "needs": ("infra_only",),
        "playbook": None,
    },
    "bluegreen": {
        "title": "Blue/Green Complet",
        "audience": "PME / agences",
        "risk": "Moyen maîtrisé",
        "promise": "Je mets à jour sans stress, sans coupure.",
        "contents": (
            "Deux environnements (Blue / Green)",
            "Bascule sans downtime",
            "Rollback explicite",
            "Cockpit ADMIN (opérateur)",
            "ADR-0003 appliquée",
        ),
        "services": (),
        "excluded": (),
        "needs": ("infra_only",),
        "playbook": "bluegreen",
    },
    "security_backup": {
        "title": "Sécurité & Backup",
        "audience": "Clients exigeants",
        "risk": "Très faible",
        "promise": "Je peux revenir en arrière à tout moment.",
        "contents": ("Backup volumes / DB", "Restore ciblé", "Manifeste & traçabilité", "RUNBOOK backup/restore"),
        "services": (),
        "excluded": (),
        "needs": ("infra_only",),
        "playbook": None,
    },
    "wordpress": {
        "title": "WordPress Industrialisé",
        "audience": "Entrepreneurs",
        "risk": "Moyen",
        "promise": "Un WordPress prêt à l\u2019emploi, propre et maintenable.",
        "contents": (
            "Installation WordPress",
            "Plugins standards (SEO, cache, sécurité, forms)",
            "Intégration Blue/Green",
            "Documentation d\u2019usage",
        ),
        "services": (),
        "excluded": (),
        "needs": ("infra_only", "bluegreen"),
        "playbook": None,
    },
    "landing_payment": {
        "title": "Landing Page & Paiement",
        "audience": "Vente directe",
        "risk": "Faible",
        "promise": "Je vends immédiatement, sans bricolage.",
        "contents": ("Landing page standardisée", "FluentForms", "Stripe", "Parcours de paiement"),
        "services": (),
        "excluded": (),
        "needs": ("wordpress",),
        "playbook": None,
    },
}
