"""Files that people hand in: tables read row by row, and objects kept sealed."""

from chassis.files.objects import DiskStore, ObjectAbsent, ObjectStore
from chassis.files.tables import XLSX, Cell, Table, Unreadable, open_table, text_of
from chassis.files.vault import Kept, Vault
from chassis.files.workbook import Extent

__all__ = [
    "XLSX",
    "Cell",
    "DiskStore",
    "Extent",
    "Kept",
    "ObjectAbsent",
    "ObjectStore",
    "Table",
    "Unreadable",
    "Vault",
    "open_table",
    "text_of",
]
