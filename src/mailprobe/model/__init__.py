"""Values only: no I/O, no asyncio, no third-party import."""
