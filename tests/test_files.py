"""Files are whole or not there: written beside, then renamed."""

import os
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest

import rmt
from rmt.files import replacing


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "x.bin"
    with replacing(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x.bin"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")])
def test_an_error_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")

    def broken():
        with replacing(path) as stream:
            stream.write(b"new")
            raise error

    with pytest.raises(type(error)) as caught:
        broken()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]
    if isinstance(error, OSError):
        assert str(path) in str(caught.value)


KILLED = """
import os, signal, sys
from rmt.files import replacing
with replacing(sys.argv[1]) as stream:
    stream.write(b"new")
    stream.flush()
    os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are Linux's")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_kill_leaves_what_was_there(tmp_path, number):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    result = subprocess.run([sys.executable, "-c", KILLED, str(path), str(int(number))], check=False)
    assert result.returncode == -number
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]


@pytest.mark.parametrize("without", ["files without a name", "a list of open files"])
def test_systems_without_files_without_a_name(tmp_path, monkeypatch, without):
    if without == "a list of open files":
        monkeypatch.setattr("rmt.files._OPEN_FILES", tmp_path / "missing")
    else:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    path = tmp_path / "x.bin"
    for text in (b"first", b"second"):
        with replacing(path) as stream:
            assert len([name for name in os.listdir(tmp_path) if name.endswith(".part")]) == 1
            stream.write(text)
        assert path.read_bytes() == text
    assert os.listdir(tmp_path) == ["x.bin"]


def test_permissions(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "new"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o606)
    with replacing(tmp_path / "new") as stream:
        stream.write(b"again")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o606


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "folder" / "file")
    for text in (b"first", b"second"):
        with replacing(link) as stream:
            stream.write(text)
        assert link.is_symlink()
        assert (tmp_path / "folder" / "file").read_bytes() == text
    assert os.listdir(tmp_path / "folder") == ["file"]


def test_what_is_no_ordinary_file_is_written_to(tmp_path):
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    with replacing(link) as stream:
        stream.write(b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    with pytest.raises(IsADirectoryError), replacing(tmp_path):
        pass
    with pytest.raises(FileNotFoundError, match="missing/x"), replacing(tmp_path / "missing" / "x"):
        pass


# a limit on the size of files acts as a full disk does; the first run fills the caches of others
FULL_DISK = """
import resource, sys
from rmt.cli import main
*call, elsewhere, out = sys.argv[1:]
assert main([*call, "--out", elsewhere]) == 0
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sys.exit(main([*call, "--out", out]))
"""


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("x.npy", "sample goe -n 2000 --seed 0"),
        ("x.png", "law semicircle"),
        pytest.param("x.csv", "sample goe -n 2000 --seed 0", marks=pytest.mark.long),
        pytest.param("x.svg", "law semicircle", marks=pytest.mark.long),
        pytest.param("x.pdf", "law semicircle", marks=pytest.mark.long),
    ],
)
def test_a_full_disk_leaves_no_part_of_a_file(tmp_path, name, call):
    (tmp_path / "folder").mkdir()
    out = tmp_path / "folder" / name
    out.write_text("old")
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *call.split(), str(tmp_path / name), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 3
    assert result.stderr.startswith(f"rmt: error: cannot read or write {out}: ")
    assert result.stderr.count("\n") == 1
    assert out.read_text() == "old"
    assert os.listdir(out.parent) == [name]


def test_an_upper_case_ending_is_the_same_file(tmp_path, capsys):
    from rmt.cli import main

    assert main(["sample", "goe", "-n", "5", "--seed", "0", "--out", str(tmp_path / "X.NPY")]) == 0
    assert os.listdir(tmp_path) == ["X.NPY"]
    np.testing.assert_array_equal(np.load(tmp_path / "X.NPY"), rmt.goe().eigenvalues(5, rng=0))
