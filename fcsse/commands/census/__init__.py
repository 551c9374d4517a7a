"""Which KMS keys and which context forms the objects of a bucket really use, against what its caches may do.

Default encryption applies to new objects only; older ones keep their key and their form of encryption context.
"""
