"""A certificate and its key are checked before Envoy is started with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.certificates import certify
from virtuoso.domain.errors import ConfigError
from virtuoso.edge import certificate


def test_a_certificate_and_its_key_are_accepted(tmp_path: Path) -> None:
    certificate.check(*certify(tmp_path))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("", "one/key.pem"), "TLS_KEY is set and TLS_CERTIFICATE is not: expected both or neither"),
        (("one/certificate.pem", ""), "TLS_CERTIFICATE is set and TLS_KEY is not: expected both or neither"),
        (("none.pem", "one/key.pem"), "TLS_CERTIFICATE='.*none.pem' cannot be read: No such file"),
        (("one/certificate.pem", "one"), "TLS_KEY='.*one' cannot be read: Is a directory"),
        (("one/certificate.pem", "two/key.pem"), "TLS_KEY='.*two/key.pem' is not the key of TLS_CERTIFICATE='.*one/cert"),
        (("one/key.pem", "one/certificate.pem"), "are not a certificate and its key: expected PEM files"),
        (("locked/certificate.pem", "locked/key.pem"), "the key without a password"),
    ],
)
def test_the_error_for_files_that_do_not_match_has_their_settings(
    tmp_path: Path, names: tuple[str, str], words: str
) -> None:
    certify(tmp_path / "one")
    certify(tmp_path / "two")
    certify(tmp_path / "locked", password=b"secret")
    with pytest.raises(ConfigError, match=words):
        certificate.check(*(str(tmp_path / name) if name else "" for name in names))


def test_the_file_for_envoy_has_only_the_paths_of_certificate_and_key(tmp_path: Path) -> None:
    pair = certify(tmp_path / "pair")
    text = Path(certificate.write_secret(tmp_path, *pair)).read_text()
    assert pair[0] in text
    assert pair[1] in text
    assert "PRIVATE" not in text
