"""The ciphers a value can be sealed with: AES-256-GCM, and SM4-GCM where the national suite is asked for."""

from __future__ import annotations

import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from chassis.keyring.errors import Tampered

NONCE_BYTES = 12
TAG_BYTES = 16
SM4_KEY_BYTES = 16


class Suite(Protocol):
    """Authenticated encryption under a 32-byte data key; the result is nonce, ciphertext, tag."""

    def encrypt(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
        """Seal under a fresh random nonce."""
        ...

    def decrypt(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
        """Open. Raises Tampered."""
        ...


class Aes256Gcm:
    """AES-256-GCM with a random 96-bit nonce (a data key seals far fewer than 2^32 values)."""

    def encrypt(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
        """Seal under a fresh random nonce."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, plain, associated)

    def decrypt(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
        """Open. Raises Tampered."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Tampered("a sealed value is too short")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except InvalidTag:
            raise Tampered("a sealed value does not open") from None


class Sm4Gcm:
    """SM4-GCM (RFC 8998) under a 128-bit key derived from the data key by HMAC-SM3."""

    def encrypt(self, key: bytes, plain: bytes, associated: bytes) -> bytes:
        """Seal under a fresh random nonce."""
        nonce = os.urandom(NONCE_BYTES)
        encryptor = Cipher(SM4(_sm4_key(key)), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        return nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, sealed: bytes, associated: bytes) -> bytes:
        """Open. Raises Tampered."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise Tampered("a sealed value is too short")
        mode = modes.GCM(sealed[:NONCE_BYTES], sealed[-TAG_BYTES:])
        decryptor = Cipher(SM4(_sm4_key(key)), mode).decryptor()
        decryptor.authenticate_additional_data(associated)
        try:
            return decryptor.update(sealed[NONCE_BYTES:-TAG_BYTES]) + decryptor.finalize()
        except InvalidTag:
            raise Tampered("a sealed value does not open") from None


def _sm4_key(key: bytes) -> bytes:
    derivation = hmac.HMAC(key, hashes.SM3())
    derivation.update(b"SM4-GCM")
    return derivation.finalize()[:SM4_KEY_BYTES]


SUITES: dict[str, Suite] = {"A256GCM": Aes256Gcm(), "SM4-GCM": Sm4Gcm()}
