"""What the README shows is what the program says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fcsse import errors
from fcsse.cli.main import main
from fcsse.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
HELP = Path("fcsse", "cli", "help")
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = sorted((ROOT / ".github" / "docs").glob("*.md"))
PAGES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *DOCS)}
TEXTS = "\n".join(text for path, text in PAGES.items() if path.name != "reference.md")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXTS, re.DOTALL | re.MULTILINE)


def check(root: Path) -> subprocess.CompletedProcess[str]:
    """Runs scripts/readme --check without its setting up, in a copy or in place."""
    return subprocess.run(
        [sys.executable, "-m", "readme_page", "--check"],
        cwd=root / "scripts",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="the picture is taken of a pseudo-terminal")
def test_help_texts_and_picture_are_current() -> None:
    done = check(ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.nightly
@pytest.mark.skipif(sys.platform == "win32", reason="the picture is taken of a pseudo-terminal")
def test_what_is_out_of_date_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts" / "readme_page", tmp_path / "scripts" / "readme_page")
    shutil.copytree(ROOT / HELP, tmp_path / HELP)
    (tmp_path / HELP / "link.txt").write_text("Usage: fcsse link")
    (tmp_path / ".github" / "docs").mkdir(parents=True)
    (tmp_path / ".github" / "terminal.svg").write_text("<svg/>")
    reference = (ROOT / ".github" / "docs" / "reference.md").read_text(encoding="utf-8")
    changed = reference.replace("Usage: fcsse link [OPTIONS]", "Usage: fcsse link")
    (tmp_path / ".github" / "docs" / "reference.md").write_text(changed, encoding="utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{name} is out of date: run scripts/readme"
        for name in (
            "fcsse/cli/completion_table.py",
            "fcsse/cli/help/link.txt",
            ".github/docs/reference.md",
            ".github/terminal.svg",
        )
    ]


def test_each_help_text_is_in_the_reference_once() -> None:
    reference = (ROOT / ".github" / "docs" / "reference.md").read_text(encoding="utf-8")
    commands = re.findall(r"<!-- help: ([a-z -]+) -->", reference)
    assert len(commands) > 10
    assert sorted(commands) == sorted(set(commands))


def test_the_picture_stands_on_its_own() -> None:
    svg = (ROOT / ".github" / "terminal.svg").read_text(encoding="utf-8")
    assert "](.github/terminal.svg)" in README
    assert not re.findall(r"https?://(?!www\.w3\.org|www\.textualize\.io)", svg), "nothing is fetched to show it"
    assert "Link&#160;fc-0123&#160;to&#160;data?&#160;[y/N]&#160;y<" in svg, "the question, and its answer"
    assert "fc-0123&#160;can&#160;read&#160;and&#160;write&#160;s3://data." in svg
    assert svg.count("\n") < 400


def anchors(page: str) -> set[str]:
    """The names by which GitHub lets one link to a page's headings."""
    found = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^a-z0-9_-]", "", line.lower().replace(" ", "-")) for line in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_of_the_pages_lead_somewhere(page: Path) -> None:
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\((?!http)([^)]+)\)", PAGES[page])):
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), target
        assert not anchor or anchor in anchors(PAGES[place]), anchor
    for path in re.findall(r"`\.?/?(scripts/[a-z-]+)", PAGES[page]):
        assert (ROOT / path).exists(), path


def test_the_readme_leads_to_every_page() -> None:
    assert {path.name for path in DOCS} == set(re.findall(r"\]\(\.github/docs/([a-z-]+\.md)", README))


def test_the_readme_opens_with_two_commands_and_installs_no_name_of_an_index() -> None:
    assert blocks("sh")[0].split("   #")[0] == "./scripts/demo"
    assert "./scripts/test" in blocks("sh")[0]
    wanted = re.findall(r"(?:pip|pipx|uv tool) install (?:--\S+ \S+ )*\"?([^\s\"]+)", "\n".join(blocks("sh")))
    assert wanted
    assert all(one.startswith((".", "git+https://")) or one == "fcsse" for one in wanted)
    assert not re.search(r"^pip install fcsse|install \"?fcsse\"?$", "\n".join(blocks("sh")), re.MULTILINE)


def test_every_exit_code_has_a_row() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == codes


def test_the_workflow_is_one() -> None:
    (workflow,) = [yaml.safe_load(block) for block in blocks("yaml")]
    (job,) = workflow["jobs"].values()
    action = next(step for step in job["steps"] if "fcsse" in step.get("uses", ""))
    described = yaml.safe_load((ROOT / ".github" / "actions" / "fcsse" / "action.yml").read_text(encoding="utf-8"))
    assert action["uses"] == "OWNER/fcsse/.github/actions/fcsse@COMMIT", "nobody else's name, until this one has a home"
    assert {"pull_request", "push"} == set(workflow[True]), "YAML takes the word on for a truth"
    assert action["with"].keys() <= described["inputs"].keys()
    used = set(re.findall(rf"steps\.{action['id']}\.outputs\.([a-z-]+)", TEXTS))
    assert used
    assert used <= described["outputs"].keys()
    for step in job["steps"]:
        if "uses" in step and step is not action:
            assert re.fullmatch(r"[^@]+@[0-9a-f]{40}", step["uses"]), "pinned by hash"


def commands() -> list[str]:
    """The command lines of the README's shell blocks that are fcsse's own and have no placeholder."""
    lines = [line.split("  #")[0].split(" > ")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("fcsse ") and "sandbox" not in line})


@pytest.fixture
def organization(small_world: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """What the pages tell of: an organization whose accounts have a role Audit, a list of them, and last week's report."""
    monkeypatch.chdir(tmp_path)
    small_world.reset()
    small_world.switches.lookups_per_second = 0  # two a second in the real time that nothing here waits for
    small_world.add_organization({small_world.other_account: "Data"})
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    small_world.add_role("Audit", account=small_world.other_account, trust=small_world.account, policy=everything)
    for name, value in {
        **small_world.env(),
        "FCSSE_BACKUP_DIR": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    Path("accounts.csv").write_text(f"account\n{small_world.account}\n{small_world.other_account}\n", encoding="utf-8")
    return small_world


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("line", commands())
def test_every_command_line_is_understood(line: str, organization: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    if "last-week.json" in line:
        assert main(["audit", "--organization", "--role-name", "Audit", "-o", "json"]) == 3
        Path("last-week.json").write_text(capsys.readouterr().out, encoding="utf-8")
    organization.add_cache("fc-0123456789abcdef0", ["data"])
    code = main(line.split()[1:])
    finds = line.startswith(("fcsse check", "fcsse audit", "fcsse census"))  # a dry run of --fix leaves access missing
    no_inventory = "athena" in line  # of S3 Metadata, in the bucket here
    assert code == (4 if no_inventory else 3 if finds else 0), capsys.readouterr().err
