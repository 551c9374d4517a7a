"""The command line: one module a command, on top of the library that everybody else can use too."""
