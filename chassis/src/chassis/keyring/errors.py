"""What the keyring refuses, and why; no message carries a value."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[str, str]
"""A person and a category."""


class KeyringError(Exception):
    """Any refusal of the keyring."""

    code = "keyring-refused"


class Erased(KeyringError):
    """The data keys of these (person, category) pairs were destroyed; what they sealed is gone for good."""

    code = "personal-data-erased"

    def __init__(self, pairs: Sequence[Pair]) -> None:
        """Name the pairs; the others of the same call are not concerned."""
        super().__init__(f"{len(pairs)} data keys are not usable")
        self.pairs = tuple(pairs)


class Restricted(Erased):
    """The law lets the data be kept and not used (PIPL 47): unreadable until released, but not gone."""

    code = "personal-data-restricted"


class NotGranted(KeyringError):
    """This service has no grant for the category."""

    code = "category-not-granted"


class Tampered(KeyringError):
    """The ciphertext is not the one sealed for this person, category, decision and field."""

    code = "sealed-value-tampered"


class KeyMissing(KeyringError):
    """There is no key row for a sealed value: the keyring is older than the log."""

    code = "data-key-missing"


class NotEnsured(KeyringError):
    """A synchronous call found no cached key; `ensure` comes first, less than half the key's life before."""

    code = "data-key-not-ensured"
