# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what a site can have beside its colour."""

from __future__ import annotations


class ModuleDocFragment:
    """The options canary, sticky, preview, maintenance and hold."""

    DOCUMENTATION = r"""
options:
  canary:
    description:
      - Sends part of the visitors to the idle colour, which must pass its gate. Without it, what the site's file holds is kept.
      - Each visitor is sent anew at every request, unless O(sticky) is enabled.
    type: dict
    suboptions:
      weight:
        description:
          - Percentage of the visitors that the idle colour gets, and keeps, from 1 to 99. V(0) ends the canary.
          - Not together with a O(target) that changes the colour.
        type: int
      steps:
        description:
          - Percentages on the way to O(target), each above the one before, for example V([10, 50]). Each is put into place, proven and
            watched (O(soak)) before the next.
          - When one fails, the file goes back to what it was before the run. After a run that was killed, the next one goes on with the
            step that was reached.
        type: list
        elements: int
  sticky:
    description:
      - A cookie by which a visitor keeps the colour of the first answer for as long as a canary lasts.
      - It is remembered in the site's file, and used only while a canary splits the visitors. Without it, what the file holds is kept.
    type: dict
    suboptions:
      enabled:
        description: Whether visitors keep their colour.
        type: bool
        default: true
      cookie:
        description: Name of the cookie; by default the site's name with C(-colour) added.
        type: str
      secure:
        description: Whether browsers send it by HTTPS only; by default whether the site is served by HTTPS.
        type: bool
      http_only:
        description: Whether scripts of the page cannot read it.
        type: bool
        default: true
      same_site:
        description: The cookie's C(SameSite).
        type: str
        choices: [lax, strict, none]
        default: lax
      max_age:
        description: Seconds that browsers keep it; V(0) until they are closed.
        type: int
        default: 0
  preview:
    description:
      - A way to the idle colour for those who are to look at it, by a host name or by a header. Its answers tell search engines to keep
        away (C(X-Robots-Tag)). The idle colour need not pass its gate for that.
      - It must be protected, by the value of the header, O(preview.users_file) or O(preview.source_ranges).
      - Without it, what the site's file holds is kept.
    type: dict
    suboptions:
      enabled:
        description: Whether there is a preview.
        type: bool
        default: true
      host:
        description: Host name of the preview. Give this or O(preview.header).
        type: str
      header:
        description: Request header by which a visitor of the site sees the idle colour, for example V(X-Preview).
        type: str
      value:
        description: Value of O(preview.header), 16 to 200 letters, digits and C(._~+/=-). It is a secret.
        type: str
      users_file:
        description: File of users and password hashes (htpasswd, bcrypt), with its path as Traefik sees it.
        type: path
      source_ranges:
        description: Addresses and networks from which the preview may be seen.
        type: list
        elements: str
  maintenance:
    description:
      - Shows a page instead of the site, whichever colour serves. The site's colours are not touched.
      - Its servers must answer every path with status 503 and a C(Retry-After) header, so that search engines come back later; they are
        asked before.
      - Switching it off gates and watches the colours that visitors reach again. Without it, what the site's file holds is kept.
    type: dict
    suboptions:
      enabled:
        description: Whether the page is shown.
        type: bool
        default: true
      servers:
        description: Base URLs of the servers of the page. Needed when O(maintenance.enabled=true).
        type: list
        elements: str
      allow:
        description: Addresses and networks that reach the site all the same.
        type: list
        elements: str
  hold:
    description:
      - Holds the writes (POST, PUT, PATCH, DELETE) of the site for a short time while reads flow, for example to clone its database.
      - V(begin) lets writes wait at a gate for the colour that O(target) names, by default the idle one. V(commit) makes that colour
        serve and lets the waiting writes through to it. V(abort) sends them back to the colour that serves (with a 307 to their own URL).
      - The hold is kept by a process of its own under the site's lock. When nobody commits within O(hold_seconds), it aborts by itself.
      - A hold changes nothing else, so only O(site), O(dynamic_dir), O(staging_dir), O(target), O(gate), O(confirm), O(lock_timeout) and
        its own options go with it.
    type: str
    choices: [begin, commit, abort]
  hold_seconds:
    description: Seconds after which a hold aborts by itself, at most 28; Traefik itself ends a longer wait with an error.
    type: float
    default: 25.0
  hold_settle:
    description: Seconds that V(hold=begin) waits at its end, for writes that were under way; they count as part of O(hold_seconds).
    type: float
    default: 2.0
  hold_listen:
    description:
      - Address at which Traefik reaches the gate on this server, C(host) or C(host:port).
      - Without a port, one between 17000 and 17999 that follows from the site's name.
    type: str
    default: 127.0.0.1
  hold_assumed:
    description: In the preview of a V(hold=commit), take the hold as begun, because a task before it in the same run would have begun it.
    type: bool
    default: false
"""
