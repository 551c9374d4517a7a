"""The whole account: every cache against every bucket it is linked to, and what is wrong or will be.

``run`` puts it together: ``collect`` reads the account, ``verdicts`` gives each pair the verdict of ``check``, and ``report``
orders what the modules of findings return (``pairs``, ``key_policies``, ``leftovers``, ``grants``, ``fsx``, ``record``,
``unreadable``). ``organization_run`` runs an audit for each of many accounts, and ``organization`` adds them up.
"""
