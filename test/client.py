"""python-gitlab against a patrol that holds the project acme/web (A150)."""
import os

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
settings = gl.settings.get()
settings.max_personal_access_token_lifetime = 90
settings.save()
assert gl.settings.get().max_personal_access_token_lifetime == 90
flag = gl.features.set("resource_access_token", True, project="acme/web")
assert flag.name == "resource_access_token", flag
print("all of it works")
