"""Open lines to browsers: the only asynchronous code. It holds no rules and makes no decisions.

Apps reach browsers through :func:`samspel.live.publish.publish_on_commit` and nothing else.
"""
