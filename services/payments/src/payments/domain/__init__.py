"""The rules of payments: pure, one file per aggregate."""
