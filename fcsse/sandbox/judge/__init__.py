"""The sandbox's own judge of requests: who may do what, as AWS's pages state it, one page after the other.

Small and slow on purpose, and written without a look at the product's evaluator: an error there shows as a difference.
Answers inside are True, False or None; None means that no page decides. In the end such a request is denied, and the
decision says so (``Decision.undocumented``).
"""
