-- What REST's lists and projects ask for most (A80, A81).
CREATE INDEX issues_open ON issues (project_id) WHERE closed_at IS NULL;
CREATE INDEX projects_created ON projects (created_at);
