"""A bank that books payments, answers by statement, misbehaves on demand and keeps the books we are judged by."""
