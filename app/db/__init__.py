"""The database: engine, transactions, column types and the guards of immutable rows."""
