"""Commands that need neither a site nor a database: each reads files, runs an engine and writes what it found."""
