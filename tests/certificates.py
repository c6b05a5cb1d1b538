"""Certificates for servers and clients on this machine: self-signed, or of an authority."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOSTS = ("localhost", "127.0.0.1")


def certify(folder: Path, password: bytes | None = None) -> tuple[str, str]:
    """Create a self-signed certificate for localhost and 127.0.0.1 and its key, as PEM files in `folder`. Overwrite existing
    files. Return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed("localhost", HOSTS, key, by=("localhost", key))
    return _written(folder, certificate, key, password)


class Authority:
    """A certificate authority. `path` is the PEM file of its certificate."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._name, self._key = name, ec.generate_private_key(ec.SECP256R1())
        self.path, _ = _written(folder, _signed(name, (), self._key, by=(name, self._key), authority=True), self._key)

    def issue(self, folder: Path, name: str = "localhost", hosts: tuple[str, ...] = HOSTS) -> tuple[str, str]:
        """Create a certificate of the authority like `certify`, for `hosts`. Return its path and that of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _written(folder, _signed(name, hosts, key, by=(self._name, self._key)), key)


def _signed(
    name: str,
    hosts: tuple[str, ...],
    key: ec.EllipticCurvePrivateKey,
    *,
    by: tuple[str, ec.EllipticCurvePrivateKey],
    authority: bool = False,
) -> x509.Certificate:
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, by[0]))
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    built = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now - day, now + day)
    if hosts:
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if authority:
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return built.sign(by[1], hashes.SHA256())


def _written(
    folder: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey, password: bytes | None = None
) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    how = BestAvailableEncryption(password) if password else NoEncryption()
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return str(certificate), str(secret)
