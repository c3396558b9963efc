"""python-gitlab against a patrol that holds the project acme/web (A150)."""
import os
import tempfile

import gitlab

gl = gitlab.Gitlab(os.environ["PATROL_URL"], private_token=os.environ["PATROL_ADMIN"])
gl.auth()
assert gl.user.username == "root", gl.user
project = gl.projects.get("acme/web")
made = project.access_tokens.create({"name": "deploy", "scopes": ["api"], "access_level": 40})
assert made.token.startswith("glpat-") and isinstance(made.id, int), made
for number in range(24):
    project.access_tokens.create({"name": f"more {number}", "scopes": ["read_api"]})
assert len(project.access_tokens.list(get_all=True)) == 25
assert gl.http_get(f"/projects/{project.id}/access_tokens/{made.id}")["name"] == "deploy"

bot = gitlab.Gitlab(os.environ["PATROL_URL"], private_token=made.token)
bot.auth()
assert bot.user.bot and bot.user.id == made.user_id, bot.user
assert bot.http_get("/personal_access_tokens/self")["id"] == made.id
issue = bot.projects.get(project.id).issues.create({"title": "Disk almost full"})
issue.notes.create({"body": "cleaned"})
try:
    bot.projects.get(project.id).access_tokens.create({"name": "child", "scopes": ["api"]})
    raise SystemExit("R43: a bot made a token")
except gitlab.GitlabCreateError as e:
    assert e.response_code == 400 and "permission" in e.error_message, e

member = next(m for m in project.members.list(get_all=True) if m.id == made.user_id)
assert member.access_level == 40, member
project.access_tokens.delete(made.id)
try:
    bot.auth()
    raise SystemExit("R92: a revoked token was let in")
except gitlab.GitlabAuthenticationError as e:
    assert e.response_code == 401 and "invalid_token" in str(e), e
assert project.issues.get(issue.iid).author["username"] == "ghost"

full = gl.projects.create({"name": "readme", "namespace_id": project.namespace["id"], "initialize_with_readme": True})
branch = full.branches.get("main")
assert branch.default and branch.can_push and [b.name for b in full.branches.list(get_all=True)] == ["main"], branch
assert full.tags.list(get_all=True) == [] and project.branches.list(get_all=True) == []
entry = full.repository_tree(get_all=True)[0]
assert entry["path"] == "README.md" and entry["type"] == "blob", entry
file = full.files.get("README.md", ref="main")
assert file.decode() == full.files.raw("README.md", ref="main") == full.repository_raw_blob(entry["id"]) and file.blob_id == entry["id"], file
assert full.files.head("README.md", ref="main")["X-Gitlab-Blob-Id"] == entry["id"]
commits = full.commits.list(get_all=True, query_parameters={"path": "README.md"})
assert len(commits) == 1 and commits[0].id == branch.commit["id"] == file.last_commit_id, commits
assert full.commits.get(commits[0].short_id).stats["deletions"] == 0
try:
    full.files.get("../HEAD", ref="main")
    raise SystemExit("A137: a path led out of the tree")
except gitlab.GitlabGetError as e:
    assert e.response_code == 404 and e.error_message == "404 File Not Found", e

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/tool.bin"
    with open(path, "wb") as out:
        out.write(bytes(range(256)) * 4096)
    full.generic_packages.upload(package_name="tool", package_version="1.0", file_name="tool.bin", path=path)
    assert full.generic_packages.download("tool", "1.0", "tool.bin") == bytes(range(256)) * 4096
package = full.packages.list(get_all=True)[0]
assert package.name == "tool" and package.version == "1.0" and package.package_type == "generic", package
assert [f.file_name for f in package.package_files.list(get_all=True)] == ["tool.bin"]
package.delete()
assert full.packages.list(get_all=True) == []

settings = gl.settings.get()
settings.max_personal_access_token_lifetime = 90
settings.save()
assert gl.settings.get().max_personal_access_token_lifetime == 90
flag = gl.features.set("resource_access_token", True, project="acme/web")
assert flag.name == "resource_access_token", flag
print("all of it works")
