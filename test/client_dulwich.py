"""dulwich pushes to and clones from to a project with a token, and says why it may not."""
import os
import sys
import tempfile

from dulwich import porcelain
from dulwich.client import HTTPUnauthorized
from dulwich.errors import GitProtocolError, NotGitRepository

url = os.environ["PATROL_URL"] + "/acme/web.git"
quiet = open(os.devnull, "wb")


def clone(secret, address=url):
    return porcelain.clone(address, tempfile.mkdtemp(dir=os.environ["HOME"]), username="any", password=secret, errstream=quiet)


work = porcelain.init(tempfile.mkdtemp(dir=os.environ["HOME"]))  # it can't clone what is empty, from anywhere
with open(work.path + "/README", "w") as file:
    file.write("hello\n")
porcelain.add(work, [work.path + "/README"])
first = porcelain.commit(work, message=b"First", author=b"Dave <d@example.com>", committer=b"Dave <d@example.com>")
porcelain.push(work, url, b"HEAD:refs/heads/main", username="any", password=os.environ["PATROL_WRITES"], outstream=quiet, errstream=quiet)

read = clone(os.environ["PATROL_READS"])
assert read.refs[b"refs/remotes/origin/main"] == first, read.refs.as_dict()
with open(read.path + "/README") as file:
    assert file.read() == "hello\n"
for secret, address, error in [
    ("glpat-aaaaaaaaaaaaaaaaaaaa", url, HTTPUnauthorized),
    (os.environ["PATROL_READS"], os.environ["PATROL_URL"] + "/acme/none.git", NotGitRepository),
]:
    try:
        clone(secret, address)
        sys.exit(f"cloned {address}")
    except error:
        pass
try:
    porcelain.push(read, url, b"HEAD:refs/heads/more", username="any", password=os.environ["PATROL_READS"], outstream=quiet, errstream=quiet)
    sys.exit("R60: read_repository pushes")
except GitProtocolError as e:
    assert "403" in str(e), e
print("all of it works")
