"""
The servers and programs that this installation runs by itself.

``embedded`` starts, reuses, repairs and stops PostgreSQL and Valkey; ``processes`` supervises
child programs; ``services`` lists the programs of ``./rx up`` and ``./rx demo``.
"""
