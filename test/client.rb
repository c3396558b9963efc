# ruby-gitlab against a patrol that holds the project acme/web (A153).
require "gitlab"

admin = Gitlab.client(endpoint: "#{ENV["PATROL_URL"]}/api/v4", private_token: ENV["PATROL_ADMIN"])
raise "A71" unless admin.user.username == "root"
project = admin.project("acme/web")
raise "A80" unless project.path_with_namespace == "acme/web"
made = admin.post("/projects/#{project.id}/access_tokens", body: {name: "deploy", scopes: ["api"], access_level: 30})
raise "A43" unless made.token.start_with?("glpat-")
bot = Gitlab.client(endpoint: "#{ENV["PATROL_URL"]}/api/v4", private_token: made.token)
raise "A71" unless bot.user.bot
issue = bot.create_issue(project.id, "Disk almost full")
raise "A114" unless issue.author.id == made.user_id
raise "A101" unless admin.team_members(project.id).map(&:id).include?(made.user_id)
admin.delete("/projects/#{project.id}/access_tokens/#{made.id}")
begin
  bot.user
  raise "R92: a revoked token was let in"
rescue Gitlab::Error::Unauthorized
end
raise "A115" unless admin.issue(project.id, issue.iid).author.username == "ghost"
puts "all of it works"
