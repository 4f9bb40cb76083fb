"""Run the steps on the connection that `mailprobe.monitor.opening` hands over."""

from __future__ import annotations

from alembic import context

from mailprobe.monitor.schema import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    # SQLite can take back a step that fails, if it is left to us to begin it.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
