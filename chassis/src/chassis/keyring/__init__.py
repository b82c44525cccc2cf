"""The keyring: data keys that are not part of any log, so that destroying a key erases a person everywhere."""

from chassis.keyring.cache import KEY_LIFE_S, KeyCache
from chassis.keyring.errors import Erased, KeyMissing, KeyringError, NotEnsured, NotGranted, Restricted, Tampered
from chassis.keyring.ring import Keyring
from chassis.keyring.upkeep import grant, migrate, rewrap
from chassis.keyring.wrapping import (
    AesKeyWrap,
    KekUnusable,
    KeyWrap,
    add_kek_version,
    ensure_kek_file,
    load_kek,
    retire_kek_versions,
)

__all__ = [
    "KEY_LIFE_S",
    "AesKeyWrap",
    "Erased",
    "KekUnusable",
    "KeyCache",
    "KeyMissing",
    "KeyWrap",
    "Keyring",
    "KeyringError",
    "NotEnsured",
    "NotGranted",
    "Restricted",
    "Tampered",
    "add_kek_version",
    "ensure_kek_file",
    "grant",
    "load_kek",
    "migrate",
    "retire_kek_versions",
    "rewrap",
]
