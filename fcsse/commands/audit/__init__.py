"""The whole account: every cache against every bucket it is linked to, and what is wrong or will be.

``reading`` asks AWS, ``judging`` gives each pair the verdict of ``check``, the ``of_…`` modules find what there is to
say of pairs, keys, grants and FSx's own things, ``result`` puts it in order. All but ``reading`` are pure.
"""
