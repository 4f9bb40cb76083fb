"""The tables: made step by step, they are those that the program works with."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import mailprobe.monitor
from mailprobe.model.errors import LedgerError
from mailprobe.monitor import schema
from mailprobe.monitor.place import connect, find
from tests.monitor.stories import Place, intended


def test_the_version_is_the_newest_step() -> None:
    """The newest step is the version that the program writes; all are known."""
    config = Config()
    folder = f"{mailprobe.monitor.__path__[0]}/migrations"
    config.set_main_option("script_location", folder)
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.VERSION]
    assert {one.revision for one in scripts.walk_revisions()} == schema.KNOWN


@pytest.mark.asyncio
async def test_the_steps_lead_to_the_tables(place: Place) -> None:
    """Whoever changes a table writes the step that leads there."""
    async with place.open():
        pass
    engine = connect(find(place.where), "read", durable=False, patience=5)
    try:
        with engine.begin() as connection:
            options = {"version_table": schema.VERSION_TABLE}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, schema.METADATA) == []
            indexes = {
                index["name"]
                for table in schema.METADATA.sorted_tables
                for index in sa.inspect(connection).get_indexes(table.name)
            }
    finally:
        engine.dispose()
    assert "ledger_passage_pending" in indexes


@pytest.mark.asyncio
async def test_a_later_version_is_refused(place: Place) -> None:
    """Tables of a later program are left alone, and the sentence says what to do."""
    async with place.open() as ledger:
        await ledger.append(intended("t"))
    place.tamper("UPDATE ledger_version SET version_num = '9999'")
    for write in (True, False):
        with pytest.raises(LedgerError, match=r"later mailprobe .*9999") as caught:
            await place.open(write=write).__aenter__()
        assert "\n" not in str(caught.value)
    place.tamper("UPDATE ledger_version SET version_num = '0001'")
    async with place.open() as ledger:
        assert (await ledger.verify()).entries == 1
