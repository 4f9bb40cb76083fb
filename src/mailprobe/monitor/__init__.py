"""Long-running work: the ledger, and what is kept in it."""
