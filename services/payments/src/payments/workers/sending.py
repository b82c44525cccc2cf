"""Sends a signed batch once: asked for first, handed in only when the bank says it has never seen it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.log import Recorded
from chassis.worker import NotYet
from contracts.envelope import Sealed
from contracts.payments.v1 import BatchSigned
from contracts.person import Account
from payments.domain.batch import BATCH, Absent, RecordSending, Sent
from payments.domain.instruction import instruction_file
from payments.domain.payout import PAYOUT, MarkUnknown
from payments.domain.payout_switch import ALL, PAYOUT_SWITCH, Paused
from payments.workers import files
from payments.workers.bank import Bank, CreditTransfer, NoAnswer, Submission
from payments.workers.statement import read_statement


class PayeeErased(Exception):
    """A payee's account was erased, so the batch cannot be sent as it was signed."""


class _Payment(msgspec.Struct, frozen=True):
    account: Sealed
    account_field: str
    amount_fen: int
    end_to_end_id: str
    payee_id: str
    purpose: str


class _File(msgspec.Struct, frozen=True):
    batch_id: str
    count: int
    total_fen: int
    payments: tuple[_Payment, ...]


async def send_batch(recorded: Recorded, context: Context) -> None:
    """Bring one signed batch to the bank. Raises NoAnswer (the job comes again), BatchRefused, PayeeErased.

    While payouts are paused nothing is handed in: NotYet.
    """
    event = recorded.event
    assert isinstance(event, BatchSigned)
    if await _sent_already(event.batch_id, context):
        return
    bank = Bank(context.http, context.settings.bank_url, context.settings.bank_timeout_s)
    reference = await bank.reference_of(event.batch_id)
    if reference is None:
        reference = await _hand_in(event, bank, context)

    async def note(session: Session) -> None:
        await session.decide(BATCH, event.batch_id, RecordSending(reference))

    await context.executor.run(note)

    async def look(session: Session) -> None:
        await read_statement(session, bank, context.settings)

    await context.executor.run(look)


async def give_up(recorded: Recorded, context: Context) -> None:
    """The bank has not answered for this batch: its payouts are unknown, to be queried and never sent again."""
    event = recorded.event
    assert isinstance(event, BatchSigned)

    async def work(session: Session) -> None:
        batch = await session.load(BATCH, event.batch_id)
        assert not isinstance(batch, Absent)
        payouts = await session.load_many(PAYOUT, batch.drafted.payout_ids)
        for payout_id, payout in payouts.items():
            attempt = getattr(payout, "attempt", 0)
            await session.decide(PAYOUT, payout_id, MarkUnknown(attempt))

    await context.executor.run(work)


async def _sent_already(batch_id: str, context: Context) -> bool:
    async def work(session: Session) -> bool:
        batch = await session.load(BATCH, batch_id)
        return isinstance(batch, Sent)

    return (await context.executor.run(work)).value


async def _hand_in(event: BatchSigned, bank: Bank, context: Context) -> str:
    file = await _file(event, context)
    submission = await _opened(msgspec.json.decode(file, type=_File), context)
    await _held_back(context)
    try:
        return await bank.submit(submission)
    except NoAnswer:
        # Whether it arrived is the bank's to say; if it cannot, this job comes again and asks first.
        reference = await bank.reference_of(event.batch_id)
        if reference is None:
            raise
        return reference


async def _held_back(context: Context) -> None:
    """The last look before the bank. Raises NotYet while somebody holds all payouts."""

    async def work(session: Session) -> bool:
        switch = await session.load(PAYOUT_SWITCH, ALL)
        return isinstance(switch, Paused)

    if (await context.executor.run(work)).value:
        raise NotYet("Payouts are paused.")


async def _file(event: BatchSigned, context: Context) -> bytes:
    documents = Path(context.settings.documents)
    kept = files.read(documents, event.file_sha256)
    if kept is not None:
        return kept

    async def build(session: Session) -> bytes:
        batch = await session.load(BATCH, event.batch_id)
        assert not isinstance(batch, Absent)
        payouts = await session.load_many(PAYOUT, batch.drafted.payout_ids)
        return instruction_file(batch.drafted, [payouts[one] for one in batch.drafted.payout_ids])

    file = (await context.executor.run(build)).value
    files.store(documents, event.file_sha256, file)
    return file


async def _opened(file: _File, context: Context) -> Submission:
    questions = [(one.account, Account, one.payee_id, one.account_field) for one in file.payments]
    accounts = await context.keyring.open_many(questions)
    transfers = []
    for payment, account in zip(file.payments, accounts, strict=True):
        if isinstance(account, Erased):
            raise PayeeErased("A payee's account was erased after the batch had been signed.")
        transfers.append(
            CreditTransfer(
                end_to_end_id=payment.end_to_end_id,
                amount_fen=payment.amount_fen,
                account_name=account.account_name,
                card_no=account.card_no,
                bank_name=account.bank_name,
                purpose=payment.purpose,
            )
        )
    return Submission(file.batch_id, file.count, file.total_fen, tuple(transfers))
