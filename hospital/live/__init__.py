"""The regulator's live feed: entries of all logs as they happen, as server-sent events."""
