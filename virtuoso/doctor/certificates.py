"""Checks of the certificates of exchanges and of CoinGecko."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from virtuoso.doctor.finding import Finding, Level
from virtuoso.doctor.source_check import SourceCheck, causes_of
from virtuoso.domain.errors import ExchangeError


def check_certificates(sources: Sequence[SourceCheck]) -> Finding:
    """Report which certificates are verified and which are not."""
    subject, secure = "certificates", [each for each in sources if each.secure]
    problems = {each.name: problem for each in secure if (problem := _tls_problem(each.error))}
    verified = [each.name for each in secure if each.error is None or each.clock_lags_s]
    if problems:
        why = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        remedy = (
            "If a proxy replaces certificates here, set SSL_CERT_FILE to a file with its root certificate; otherwise check "
            "this machine's clock, and whether another host answers for the venue"
        )
        return Finding(subject, Level.WARNING if verified else Level.FAILURE, why, remedy)
    if verified:
        return Finding(subject, Level.OK, f"verified: {', '.join(verified)}")
    why = "no HTTPS source answered" if secure else "no source uses HTTPS"
    return Finding(subject, Level.NOT_CHECKED, why)


def _tls_problem(error: ExchangeError | None) -> str:
    """Return the problem with the certificate or with TLS, or "" if the error has another cause."""
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return f"no TLS: {cause.reason or cause}"
    return ""
