"""The regulator's live board: figures, alarms by rule, and how the ledger is."""
