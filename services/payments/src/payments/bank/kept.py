"""Batch files: sealed when they are signed, under the digest of their plain bytes, and handed in exactly so."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

from chassis.clock import new_id, utc_text
from chassis.context import Context
from chassis.execute import Session
from chassis.files import DiskStore, ObjectAbsent, Vault
from chassis.keyring import Erased
from contracts.payments.v1 import BatchDrafted, BatchSigned
from contracts.person import Account
from payments.bank.formats import FORMATS
from payments.domain.instruction import CreditTransfer, PaymentOrder, digest, message_id
from payments.domain.payout import Owed, end_to_end_id

FOLDER = "bank-batches"
UNREAD_FOLDER = "bank-unread"
CATEGORY = "bank"


class FileMissing(Exception):
    """No file of the signed digest is kept here."""


class FileDiffers(Exception):
    """The bytes of a batch file are not those that were signed."""


class PayeeErased(Exception):
    """A payee's account was erased, so the batch cannot be signed."""


def vault_of(context: Context) -> Vault:
    """Where the service keeps its files."""
    return Vault(DiskStore(Path(context.settings.documents)), context.keyring)


async def keep(context: Context, drafted: BatchDrafted, owed: list[Owed]) -> str:
    """Write a batch's file in the format of the settings and keep it sealed; the digest of its plain bytes.

    Raises PayeeErased. The file is kept for `batch_file_days` of business time.
    """
    settings = context.settings
    today = context.clock.today()
    order = PaymentOrder(
        batch_id=drafted.batch_id,
        file_no=new_id().replace("-", ""),
        debtor_name=settings.debtor_name,
        debtor_account=settings.bank_account,
        debtor_bank=settings.debtor_bank,
        requested_on=today.isoformat(),
        made_at=utc_text(context.clock.now()),
        transfers=await _transfers(context, owed),
    )
    file = FORMATS[settings.bank_format].written(order)
    sha256 = digest(file)
    until = today + timedelta(days=settings.batch_file_days)
    subject = _subject(drafted.batch_id)
    await vault_of(context).keep(
        f"{FOLDER}/{sha256}", io.BytesIO(file), subject=subject, category=CATEGORY, expires_on=until
    )
    return sha256


async def take(context: Context, signed: BatchSigned) -> bytes:
    """The plain bytes that were signed. Raises FileMissing, FileDiffers, Tampered."""
    key = f"{FOLDER}/{signed.file_sha256}"
    try:
        file = await vault_of(context).take(key, subject=_subject(signed.batch_id))
    except ObjectAbsent:
        raise FileMissing("The file of a signed batch is not kept here.") from None
    if digest(file) != signed.file_sha256:
        raise FileDiffers("A batch file does not have the digest that was signed.")
    return file


async def keep_unread(context: Context, document: bytes) -> str:
    """Keep sealed, once, what a bank sent and nobody can read, as long as a batch file; the digest of its bytes."""
    sha256 = digest(document)
    key, vault = f"{UNREAD_FOLDER}/{sha256}", vault_of(context)
    if not await vault.holds(key):
        until = context.clock.today() + timedelta(days=context.settings.batch_file_days)
        await vault.keep(key, io.BytesIO(document), subject=f"unread-{sha256}", category=CATEGORY, expires_on=until)
    return sha256


async def take_unread(context: Context, sha256: str) -> bytes:
    """Such a document by its digest. Raises ObjectAbsent."""
    return await vault_of(context).take(f"{UNREAD_FOLDER}/{sha256}", subject=f"unread-{sha256}")


async def accounts(session_or_context: Session | Context, owed: list[Owed]) -> list[Account | Erased]:
    """The payees' accounts, open, in memory; an erased one is answered by Erased."""
    questions = [
        (payout.terms.account, Account, payout.terms.owed.payee_id, payout.terms.account_field) for payout in owed
    ]
    return await session_or_context.keyring.open_many(questions)


async def _transfers(context: Context, owed: list[Owed]) -> tuple[CreditTransfer, ...]:
    transfers = []
    for payout, account in zip(owed, await accounts(context, owed), strict=True):
        if isinstance(account, Erased):
            raise PayeeErased("A payee's account was erased after the batch had been drafted.")
        terms = payout.terms
        transfers.append(
            CreditTransfer(
                end_to_end_id=end_to_end_id(terms.owed.payout_id, payout.attempt),
                claim_no=terms.owed.claim_no,
                amount_fen=terms.owed.amount_fen,
                account_name=account.account_name,
                card_no=account.card_no,
                bank_name=account.bank_name,
                cnaps=account.cnaps,
            )
        )
    return tuple(transfers)


def _subject(batch_id: str) -> str:
    """A file is of many payees, so its key is the batch's own."""
    return f"batch-{message_id(batch_id)}"
