"""A simulated AWS on this machine, strict where AWS is strict (extra ``sandbox``)."""
