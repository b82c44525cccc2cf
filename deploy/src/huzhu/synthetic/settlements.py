"""Synthetic files of the medical-insurance bureau, about the people of a synthetic roster; equal for equal seeds."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import xlsxwriter

from claims.domain.bureau import FIELDS
from huzhu.synthetic import people, roster

PERIOD_START = date(2022, 1, 1)
STAY_DAYS_MAX = 21
PLAIN_DIAGNOSES = ("J18.900", "K29.500", "E11.900", "I10.x00", "M51.200", "K80.200", "N20.000", "J44.100", "K35.900")
ILLNESSES = ("C34.900", "C16.900", "I21.900", "C92.000", "N18.501")
INJURIES = ("S82.200", "S42.000", "S52.500", "T14.900")
HOSPITALS = tuple(f"H620{number:05d}" for number in range(1, 120))
OUTPATIENT, INPATIENT = "11", "21"
RECENT_MAX = 200
"""A duplicate or a reversal speaks of one of this many rows before it."""


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Shares of rows in parts per 100,000; what remains are plain stays of members inside their cover."""

    stranger: int = 92_000
    reversal: int = 150
    repeated: int = 150
    overlapping: int = 60
    name_diff: int = 120
    weak: int = 60
    out_of_period: int = 300
    waiting: int = 300
    outpatient: int = 400
    no_self_pay: int = 150
    amount: int = 60
    no_number: int = 20
    illness: int = 250
    injury: int = 350
    death: int = 30


MIXES = {"real": Mix(), "members": Mix(stranger=0), "plain": Mix(**dict.fromkeys(Mix.__dataclass_fields__, 0))}
"""`real` is a province's file, `members` one that was filtered by the roster before, `plain` has payable stays only."""


class Member(NamedTuple):
    """What of a roster's row the bureau knows too."""

    name: str
    id_no: str
    division: str


def members_of(count: int, seed: int, errors: str = "real") -> list[Member]:
    """The people of `huzhu roster generate --rows COUNT --seed SEED`, dirt included."""
    return [Member(row[0], row[2], row[8]) for row in roster.generate(count, seed, errors)]


def generate(rows: int, members: Sequence[Member], seed: int = 1, mix: str = "real") -> Iterator[list[str]]:
    """Rows of the interface's fields, without the header. Equal arguments give equal rows; KeyError: unknown mix."""
    draw = random.Random(f"settlements-{seed}")
    faults = _bounds(MIXES[mix])
    recent: list[list[str]] = []
    for number in range(1, rows + 1):
        dice = draw.randrange(100_000)
        fault = next((name for below, name in faults if dice < below), "")
        cells = _row(number, seed, fault, members, recent, draw)
        if fault not in {"stranger", "reversal", "repeated", "no_number", "weak"}:
            if len(recent) == RECENT_MAX:
                recent[number % RECENT_MAX] = cells
            else:
                recent.append(cells)
        yield list(cells)


def _bounds(mix: Mix) -> list[tuple[int, str]]:
    bounds, total = [], 0
    for fault, share in vars(mix).items():
        if share:
            total += share
            bounds.append((total, fault))
    return bounds


AT = {field: place for place, field in enumerate(FIELDS)}


def _row(
    number: int, seed: int, fault: str, members: Sequence[Member], recent: list[list[str]], draw: random.Random
) -> list[str]:
    if fault in {"reversal", "repeated", "overlapping"} and recent:
        return _again(number, seed, fault, draw.choice(recent), draw)
    member = _stranger(draw) if fault == "stranger" else draw.choice(members)
    admitted = PERIOD_START + timedelta(days=draw.randrange(35, 360))
    if fault == "out_of_period":
        admitted = PERIOD_START - timedelta(days=draw.randrange(1, 120))
    elif fault == "waiting":
        admitted = PERIOD_START + timedelta(days=draw.randrange(30))
    cells = _stay(number, seed, member, admitted, draw)
    _spoil(cells, fault, draw)
    return cells


def _stranger(draw: random.Random) -> Member:
    """Somebody whom no roster knows."""
    born = date(1950, 1, 1) + timedelta(days=draw.randrange(20_000))
    return Member(people.name(draw), people.id_number(draw, born), draw.choice(people.PLACES))


class Bill(NamedTuple):
    """What a stay cost: within the policy, of that by the funds, and outside of it; in fen."""

    in_scope: int
    funds: int
    outside: int


def _stay(number: int, seed: int, member: Member, admitted: date, draw: random.Random) -> list[str]:
    left = admitted + timedelta(days=draw.randint(1, STAY_DAYS_MAX))
    total = draw.randrange(150_000, 3_000_000)
    outside = total * draw.randrange(5, 20) // 100
    funds = (total - outside) * draw.randrange(50, 85) // 100
    return row_of(number, seed, member, (admitted, left), Bill(total - outside, funds, outside), draw)


def row_of(
    number: int, seed: int, member: Member, stayed: tuple[date, date], bill: Bill, draw: random.Random
) -> list[str]:
    """A stay of a member from one day until another as a row of the interface; what is left open is drawn."""
    admitted, left = stayed
    days = (left - admitted).days
    in_scope, funds, outside = bill
    total, own = in_scope + outside, in_scope + outside - funds
    id_no = member.id_no
    cells = [""] * len(FIELDS)
    values = {
        "psn_no": f"62{seed % 100:02d}{number:012d}",
        "psn_name": member.name,
        "psn_cert_type": "01",
        "certno": id_no,
        "gend": ("1" if id_no[16] in "13579" else "2") if len(id_no) == 18 and id_no[16].isdigit() else "",
        "brdy": f"{id_no[6:10]}-{id_no[10:12]}-{id_no[12:14]}" if len(id_no) == 18 else "",
        "insutype": "310" if draw.random() < 0.4 else "390",
        "insu_admdvs": member.division,
        "mdtrt_id": f"M{seed:03d}{number:010d}",
        "setl_id": f"S{seed:03d}{number:010d}",
        "fixmedins_code": draw.choice(HOSPITALS),
        "fixmedins_name": "定点医疗机构",
        "hosp_lv": draw.choice(("1", "2", "3")),
        "med_type": INPATIENT,
        "begntime": f"{admitted} 09:{draw.randrange(60):02d}:00",
        "endtime": f"{left} 10:{draw.randrange(60):02d}:00",
        "ipt_days": str(days),
        "setl_time": f"{left} 11:00:00",
        "setl_type": "2",
        "refd_setl_flag": "0",
        "medfee_sumamt": _yuan(total),
        "fulamt_ownpay_amt": _yuan(outside),
        "overlmt_selfpay": "0.00",
        "preselfpay_amt": "0.00",
        "inscp_scp_amt": _yuan(in_scope),
        "act_pay_dedc": "300.00",
        "hifp_pay": _yuan(funds),
        "hifmi_pay": "0.00",
        "hifob_pay": "0.00",
        "cvlserv_pay": "0.00",
        "maf_pay": "0.00",
        "fund_pay_sumamt": _yuan(funds),
        "acct_pay": "0.00",
        "psn_pay": _yuan(own),
        "cash_payamt": _yuan(own),
        "dise_no": draw.choice(PLAIN_DIAGNOSES),
        "dise_name": "",
        "oprn_code": "",
        "dscg_way": "1",
    }
    for field, value in values.items():
        cells[AT[field]] = value
    return cells


def _again(number: int, seed: int, fault: str, before: list[str], draw: random.Random) -> list[str]:
    """An earlier row once more: taken back, sent twice, or overlapped by another stay."""
    cells = list(before)
    if fault == "reversal":
        cells[AT["refd_setl_flag"]] = "1"
        # What was taken back is spoken of no more.
        before[AT["refd_setl_flag"]] = "0"
    elif fault == "overlapping":
        admitted = date.fromisoformat(cells[AT["begntime"]][:10])
        cells[AT["setl_id"]], cells[AT["mdtrt_id"]] = f"S{seed:03d}{number:010d}", f"M{seed:03d}{number:010d}"
        cells[AT["begntime"]] = f"{admitted - timedelta(days=draw.randint(1, 3))} 08:00:00"
    return cells


def _spoil(cells: list[str], fault: str, draw: random.Random) -> None:
    """What makes the row one of its kind."""
    match fault:
        case "name_diff":
            cells[AT["psn_name"]] = people.name(draw)
        case "weak":
            certno = cells[AT["certno"]]
            cells[AT["certno"]] = "AB" + certno[:8]
        case "outpatient":
            cells[AT["med_type"]] = OUTPATIENT
        case "no_self_pay":
            cells[AT["fund_pay_sumamt"]] = cells[AT["inscp_scp_amt"]]
        case "amount":
            cells[AT["psn_pay"]] = "1.00"
        case "no_number":
            cells[AT["setl_id"]] = ""
        case "illness":
            cells[AT["dise_no"]] = draw.choice(ILLNESSES)
        case "injury":
            cells[AT["dise_no"]] = draw.choice(INJURIES)
        case "death":
            cells[AT["dscg_way"]] = "5"
        case _:
            pass


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def write(path: Path, rows: Iterable[Sequence[str]], *, encoding: str = "utf-8") -> int:
    """Write a file with its header, by the file's extension; the number of rows. Raises ValueError for another."""
    if path.suffix == ".csv":
        with path.open("w", encoding=encoding, newline="") as out:
            writer = csv.writer(out)
            writer.writerow(FIELDS)
            return sum(1 for row in rows if writer.writerow(row))
    if path.suffix == ".xlsx":
        count = 0
        with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
            sheet = book.add_worksheet("结算")
            sheet.write_row(0, 0, FIELDS)
            for count, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    sheet.write_string(count, column, cell)
        return count
    raise ValueError(f"{path.name}: a file of settlements is .csv or .xlsx")
