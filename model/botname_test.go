package model

import "testing"

// R102, R103: the three generations of bots' usernames, and nothing else.
func TestBotUsernames(t *testing.T) {
	for _, good := range []string{"project_1_bot", "project_1_bot1", "project_42_bot20", "project_1_bot_0123456789abcdef"} {
		if wrong := CheckBotUsername(ProjectPlace, good); wrong != "" {
			t.Errorf("R103: %s %s", good, wrong)
		}
		if CheckBotUsername(GroupPlace, good) == "" {
			t.Errorf("R103: %s is no group's bot", good)
		}
		if CheckUsername(good) == "" {
			t.Errorf("R7: a person may be called %s", good)
		}
	}
	if wrong := CheckBotUsername(GroupPlace, "group_7_bot_ffffffffffffffff"); wrong != "" {
		t.Errorf("R102: %s", wrong)
	}
	for _, bad := range []string{"", "ann", "project_bot", "project_0_bot", "project_01_bot", "project_x_bot", "project_1_bot0", "project_1_bot01",
		"project_1_bot_", "project_1_bot_0123456789ABCDEF", "project_1_bot_0123456789abcde", "project_1_bot_0123456789abcdef0",
		"Project_1_bot", " project_1_bot", "project_1_bot\n", "project_1234567890123456789_bot", "user_1_bot"} {
		if CheckBotUsername(ProjectPlace, bad) == "" {
			t.Errorf("R103: %q is taken for a bot's username", bad)
		}
	}
}
