"""Go source is read for the classic causes of growth: what is acquired, and on which path nobody releases it."""
