"""The page of a folder while it trains, on the loopback interface alone; read-only.

Rows on disk are the source: the server asks nothing of the processes that train, reads a file only
where it has changed and somebody looks, runs at the lowest priority, and imports no pandas.
"""
