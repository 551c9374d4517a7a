"""The whole program against a simulated AWS in virtual time: every interleaving and every fault from one seed."""
