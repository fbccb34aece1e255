"""Commands with a module of their own; ``samspel.cli`` has the rest.

``choose``, ``match``, ``seat`` and ``themes`` need neither a site nor a database: each reads files, runs an engine and
writes what it found. ``load`` needs the address of a site; ``answers`` and ``posts`` are called when one is set up.
"""
