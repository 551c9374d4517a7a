"""Holds the product's evaluator against one from a package index, on generated policies and requests of this domain."""
