# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server gave no answer at all, from an error of urllib3.

PRIVATE: for this collection's own plugins, not a public interface.
"""

from __future__ import annotations


def is_tls(error: Exception) -> bool:
    """Whether it is a matter of certificates: to ask again is of no use then."""
    return "SSL" in type(error).__name__ or "SSL" in str(error) or "CERTIFICATE" in str(error)


def why(server: str, error: Exception, seconds: float, *, address: str, authority: str) -> str:
    """Say it in one sentence, with a remedy.

    Args:
        server: which, as the subject of a sentence: "the API server at https://…".
        error: of urllib3; its text is not shown, for it may quote a request.
        seconds: that were waited.
        address: the option that says where the server is.
        authority: where the authority of its certificate is given.
    """
    text, kind = str(error), type(error).__name__
    # OpenSSL's words; the last one is urllib3's own.
    if "certificate has expired" in text:
        return f"{server} shows a certificate that has expired, or its authority's has; renew it, or correct the clock here."
    if "certificate is not yet valid" in text:
        return f"{server} shows a certificate that is valid only later; correct the clock of this machine, or the server's."
    if "Hostname mismatch" in text or "IP address mismatch" in text or (is_tls(error) and "doesn't match" in text):
        return f"{server} shows a certificate for other names; correct {address}, or give it a certificate with that name."
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return f"{server} shows a certificate that is not trusted; give its authority as {authority}."
    if is_tls(error):
        return f"{server} speaks no TLS that we understand; correct {address} (https or http) or the proxy."
    if "Proxy" in kind:
        return f"the proxy on the way to {server} does not let us through; correct proxy."
    if "Timeout" in kind or "timed out" in text:
        return f"{server} did not answer within {seconds:g} s; see whether it is up, or raise request_timeout."
    if "refused" in text:
        return f"{server} refuses connections: nothing listens there; correct {address} or start it."
    if "NameResolution" in kind or "resolve" in text:
        return f"{server} has a name that DNS does not know; correct {address}."
    return f"{server} broke the connection off ({kind}); see its log, then run again."
