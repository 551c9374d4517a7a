"""``python -m fcsse.sandbox``."""

from fcsse.sandbox.command import app

app(prog_name="fcsse sandbox")
