"""What a release uploads, and the workflows that do it."""

import io
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.dist_rules import faults

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and sdist, as the lock's build backend makes them."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-I", "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def checked(*files: Path) -> subprocess.CompletedProcess[str]:
    """What the publish action runs before it uploads."""
    command = [sys.executable, "-I", "-m", "twine", "check", "--strict", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.nightly
def test_the_index_takes_what_is_built(built: tuple[Path, Path]) -> None:
    done = checked(*built)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
    assert [fault for path in built for fault in faults(path)] == []


def test_metadata_that_nobody_knows_is_refused(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel = rewritten(
        built[0], tmp_path, "METADATA", lambda text: re.sub(rb"Metadata-Version: .*", b"Metadata-Version: 9.9", text)
    )
    assert checked(wheel).returncode == 1


def rewritten(wheel: Path, folder: Path, name: str, change: Any) -> Path:
    """A copy in which the files that end so are changed, or left out where the change gives None."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for one in old.namelist():
            data = change(old.read(one)) if one.endswith(name) else old.read(one)
            if data is not None:
                new.writestr(one, data)
    return copy


@pytest.mark.nightly
def test_a_file_that_is_missing_or_not_what_is_recorded_is_found(built: tuple[Path, Path], tmp_path: Path) -> None:
    without = rewritten(built[0], tmp_path, "licenses/LICENSE", lambda _: None)
    assert [fault.split(", ")[-1].split(": ")[-1] for fault in faults(without)] == [
        "which its metadata names as a license file",
        "fcsse-0.1.0.dist-info/licenses/LICENSE",
    ]
    changed = rewritten(built[0], tmp_path, "fcsse/arn.py", lambda text: text + b"\n")
    assert faults(changed) == [f"{changed.name} and its RECORD differ: fcsse/arn.py"]

    sdist = tmp_path / built[1].name
    with tarfile.open(built[1]) as old, tarfile.open(sdist, "w:gz") as new:
        for one in old:
            if not one.name.endswith("/LICENSE"):
                new.addfile(one, old.extractfile(one))
        new.addfile(tarfile.TarInfo("elsewhere"), io.BytesIO())
    assert [fault.split(" ", 1)[1].split("-")[0] for fault in faults(sdist)] == [
        "has no fcsse",
        "holds elsewhere outside fcsse",
    ]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_no_rights_but_those_of_each_job_and_every_action_is_pinned(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert not [step["run"] for step in job["steps"] if "${{" in step.get("run", "")]
    uses = re.findall(r"^ *-? *uses: (.+)$", text, re.MULTILINE)
    assert uses
    for one in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def readme_workflow() -> str:
    (block,) = re.findall(
        r"^```yaml\n(.*?)^```$",
        (ROOT / ".github" / "docs" / "github-actions.md").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    return str(block).replace("OWNER/fcsse", "example/fcsse").replace("@COMMIT", f"@{'0123456789' * 4}")


def zizmor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", *words, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "example.yml").write_text(readme_workflow(), encoding="utf-8")
    return tmp_path


def test_the_readme_s_workflow_passes_zizmor(example: Path) -> None:
    done = zizmor(example)
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_own_workflows_pass_its_strictest_reading() -> None:
    done = zizmor(ROOT / ".github", "--persona=pedantic")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_output_in_a_script_would_be_found(example: Path) -> None:
    path = example / ".github" / "workflows" / "example.yml"
    path.write_text(path.read_text() + "      - run: echo ${{ github.event.pull_request.title }}\n")
    done = zizmor(example)
    assert done.returncode != 0
    assert "template-injection" in done.stdout
