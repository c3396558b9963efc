package keys

import "slices"

// The actions. Those with several keys that differ (Choose, Field, Number, Snippet) are
// told which one was pressed.
const (
	// everywhere
	Help     Action = "help"
	Quit     Action = "quit"
	Back     Action = "back"
	Suspend  Action = "suspend"
	Go       Action = "go"
	Palette  Action = "palette"
	Place    Action = "place"
	Jump     Action = "jump"
	Undo     Action = "undo"
	Reload   Action = "reload"
	OtherDay Action = "other-day"
	Commands Action = "commands"

	// after g
	GoHome     Action = "home"
	GoProjects Action = "projects"
	GoGroups   Action = "groups"
	GoTokens   Action = "tokens"
	GoPaste    Action = "paste"
	GoWho      Action = "who"
	GoLog      Action = "log"
	GoInstance Action = "instance"

	// lists
	Up       Action = "up"
	Down     Action = "down"
	HalfUp   Action = "half-up"
	HalfDown Action = "half-down"
	Top      Action = "top"
	Bottom   Action = "bottom"
	Open     Action = "open"
	Filter   Action = "filter"
	Mark     Action = "mark"
	MarkAll  Action = "mark-all"
	Sort     Action = "sort"
	Reverse  Action = "reverse"
	Copy     Action = "copy"
	NextTab  Action = "next-tab"
	PrevTab  Action = "previous-tab"

	// what can be done to the things listed
	New       Action = "new"
	NewToken  Action = "new-token"
	Edit      Action = "edit"
	Settings  Action = "settings"
	Remove    Action = "remove"
	Rotate    Action = "rotate"
	Why       Action = "why"
	Block     Action = "block"
	Theme     Action = "theme"
	Switch    Action = "switch"
	Bell      Action = "bell"
	Serve     Action = "serve"
	Snooze    Action = "snooze"
	Clean     Action = "clean"
	Previous  Action = "previous"
	Following Action = "following"

	// forms and questions
	Field    Action = "field"
	Next     Action = "next"
	Choose   Action = "choose"
	Number   Action = "number"
	Tick     Action = "tick"
	Create   Action = "create"
	Cancel   Action = "cancel"
	Keep     Action = "keep"
	Leave    Action = "leave"
	Complete Action = "complete"
	Yes      Action = "yes"
	No       Action = "no"
	Answer   Action = "answer"

	// the calendar
	AsCalendar Action = "calendar"
	Week       Action = "week"
	NextWeek   Action = "next-week"
	Spread     Action = "spread"

	// many at once
	Proceed    Action = "proceed"
	LeaveOut   Action = "leave-out"
	OnlyUnused Action = "only-unused"

	// the secret
	CopySecret Action = "copy-secret"
	Snippet    Action = "snippet"
	Show       Action = "show"
	Stored     Action = "stored"
	Write      Action = "write"
)

// Global is what every screen has that isn't typing.
var Global = Set{"Everywhere", []Binding{
	{Action: Go, Keys: []string{"g"}, Short: "go", Long: "go to a place: then one of the letters below"},
	{Action: Palette, Keys: []string{":", "ctrl+p"}, Short: "command", Long: "go to anything by its name, or do what the screen can"},
	{Action: Place, Keys: []string{"1", "2", "3", "4", "5", ","}, Short: "places", Long: "now, tokens, projects, people and bots, log, settings", Hidden: true},
	{Action: Undo, Keys: []string{"u"}, Short: "undo", Long: "take back the last change, or bring cleared marks back", Changes: true},
	{Action: Back, Keys: []string{"esc", "left", "h"}, Short: "back", Long: "leave the filter; then clear marks; then back; never quits", Hidden: true},
	{Action: Jump, Keys: []string{"ctrl+o"}, Short: "jump back", Long: "jump back to the former place", Hidden: true},
	{Action: Reload, Keys: []string{"R"}, Short: "reload", Long: "reload, or check again", Hidden: true},
	{Action: Commands, Keys: []string{"C"}, Short: "commands", Long: "what was done in this console, as commands", Hidden: true},
	{Action: OtherDay, Keys: []string{"@"}, Short: "other day", Long: "everything as it would be on another day; `esc` comes back", Hidden: true},
	{Action: Suspend, Keys: []string{"ctrl+z"}, Short: "suspend", Long: "suspend Patrol; `fg` brings it back", Hidden: true},
	{Action: Quit, Keys: []string{"q", "ctrl+c"}, Short: "quit", Long: "quit; asks while a secret is not stored", Hidden: true},
	{Action: Help, Keys: []string{"?"}, Short: "help", Long: "help for this screen"},
}}

// Typing is what every screen has while something is typed.
var Typing = Set{"While typing", []Binding{
	{Action: Quit, Keys: []string{"ctrl+c"}, Short: "quit", Long: "quit; asks if something was typed", Hidden: true},
	{Action: Suspend, Keys: []string{"ctrl+z"}, Short: "suspend", Long: "suspend Patrol; `fg` brings it back", Hidden: true},
	{Action: Palette, Keys: []string{"ctrl+p"}, Short: "command", Long: "do what the screen can, by its name", Hidden: true},
	{Action: Help, Keys: []string{"f1"}, Short: "help", Long: "help for this screen"},
}}

// Places are what follows g.
var Places = Set{"After g", []Binding{
	{Action: GoHome, Keys: []string{"h"}, Short: "now", Long: "what needs somebody: the first screen"},
	{Action: GoProjects, Keys: []string{"p"}, Short: "projects", Long: "projects"},
	{Action: GoGroups, Keys: []string{"r"}, Short: "groups", Long: "groups"},
	{Action: GoTokens, Keys: []string{"t"}, Short: "tokens", Long: "all tokens"},
	{Action: GoWho, Keys: []string{"u"}, Short: "who", Long: "people and bots"},
	{Action: GoLog, Keys: []string{"a"}, Short: "log", Long: "the audit log, newest first"},
	{Action: GoInstance, Keys: []string{"s"}, Short: "settings", Long: "the instance's settings"},
	{Action: GoPaste, Keys: []string{"w"}, Short: "whose", Long: "whose a pasted secret, log or request id is"},
	{Action: Top, Keys: []string{"g"}, Short: "top", Long: "top of the list", Hidden: true},
}}

// moves are in every list.
var moves = []Binding{
	{Action: Up, Keys: []string{"up", "k"}, Short: "up", Long: "up", Hidden: true},
	{Action: Down, Keys: []string{"down", "j"}, Short: "down", Long: "down", Hidden: true},
	{Action: HalfUp, Keys: []string{"pgup", "ctrl+u"}, Short: "half a page up", Long: "half a page up", Hidden: true},
	{Action: HalfDown, Keys: []string{"pgdown", "ctrl+d"}, Short: "half a page down", Long: "half a page down", Hidden: true},
	{Action: Top, Keys: []string{"home"}, Short: "top", Long: "top (also `g` `g`)", Hidden: true},
	{Action: Bottom, Keys: []string{"end", "G"}, Short: "bottom", Long: "bottom", Hidden: true},
}

var tabs = []Binding{
	{Action: NextTab, Keys: []string{"tab"}, Short: "next tab", Long: "next tab"},
	{Action: PrevTab, Keys: []string{"shift+tab"}, Short: "previous tab", Long: "previous tab", Hidden: true},
}

func open(short, long string) Binding {
	return Binding{Action: Open, Keys: []string{"enter", "right", "l"}, Short: short, Long: long}
}

var (
	filter = Binding{Action: Filter, Keys: []string{"/"}, Short: "filter", Long: "filter line: `enter` keeps it, `esc` leaves it"}
	marks  = []Binding{
		{Action: Mark, Keys: []string{"space"}, Short: "mark", Long: "mark or unmark"},
		{Action: MarkAll, Keys: []string{"a"}, Short: "mark all", Long: "mark all that the filter shows", Hidden: true},
		{Action: Sort, Keys: []string{"s"}, Short: "sort", Long: "next sort column", Hidden: true},
		{Action: Reverse, Keys: []string{"S"}, Short: "reverse", Long: "reverse the order", Hidden: true},
	}
	newToken = Binding{Action: NewToken, Keys: []string{"t"}, Short: "token", Long: "make a token here", Changes: true}
	settings = Binding{Action: Settings, Keys: []string{"e"}, Short: "settings", Long: "its settings"}
	rotate   = Binding{Action: Rotate, Keys: []string{"r"}, Short: "rotate", Long: "give it a new secret; the old one may work on for a while", Changes: true}
	why      = Binding{Action: Why, Keys: []string{"w"}, Short: "why", Long: "what was refused to it, why, and what would let it through"}
	revoke   = Binding{Action: Remove, Keys: []string{"x"}, Short: "revoke", Long: "revoke it, or all that are marked", Changes: true}
)

var calendar = Binding{Action: AsCalendar, Keys: []string{"v"}, Short: "calendar", Long: "the same tokens by the day on which they end"}

func copies(what string) Binding {
	return Binding{Action: Copy, Keys: []string{"y"}, Short: "copy " + what, Long: "copy its " + what + "; never a secret", Hidden: true}
}

func join(parts ...[]Binding) []Binding { return slices.Concat(parts...) }

// The sets of the screens.
var (
	Home = Set{"Now", join([]Binding{
		open("detail", "open what the row is about"),
		{Action: Remove, Keys: []string{"x"}, Short: "revoke", Long: "revoke the row's token", Changes: true},
		rotate, why,
		{Action: Snooze, Keys: []string{"z"}, Short: "snooze", Long: "put the row aside until this console ends; among those put aside, bring it back"},
		{Action: NextTab, Keys: []string{"tab"}, Short: "snoozed", Long: "what was put aside, and back"},
		{Action: Clean, Keys: []string{"c"}, Short: "clean up", Long: "list the tokens that nobody has used for 90 days"},
		{Action: New, Keys: []string{"n"}, Short: "new project", Long: "make a project", Changes: true},
		{Action: NewToken, Keys: []string{"t"}, Short: "token", Long: "on a new database: make a project and its token", Hidden: true, Changes: true},
		{Action: Serve, Keys: []string{"s"}, Short: "serve from here", Long: "serve HTTP and SSH from this console, until it ends", Hidden: true, Changes: true},
	}, moves)}

	Projects = Set{"Projects", join([]Binding{
		open("open", "open the project: its tokens"),
		newToken, settings,
		{Action: New, Keys: []string{"n"}, Short: "project", Long: "make a project", Changes: true},
		filter, copies("path"),
	}, moves)}

	Groups = Set{"Groups", join([]Binding{
		open("tokens", "open the group: its tokens"),
		newToken, settings,
		{Action: New, Keys: []string{"n"}, Short: "new group", Long: "make a group", Changes: true},
		filter, copies("path"),
	}, moves)}

	ActiveTokens = Set{"Active tokens of a project or group", join([]Binding{
		open("detail", "all about the token"),
		{Action: New, Keys: []string{"n"}, Short: "new", Long: "make a token", Changes: true},
		{Action: NewToken, Keys: []string{"t"}, Short: "token", Long: "make a token", Hidden: true, Changes: true},
		revoke, rotate, why,
	}, marks, tabs, []Binding{filter, calendar, hidden(settings), copies("id")}, moves)}

	InactiveTokens = Set{"Inactive tokens of a project or group", join([]Binding{
		open("detail", "all about the token"),
		{Action: NewToken, Keys: []string{"t"}, Short: "token", Long: "make a token", Hidden: true, Changes: true},
		{Action: Sort, Keys: []string{"s"}, Short: "sort", Long: "next sort column"},
		{Action: Reverse, Keys: []string{"S"}, Short: "reverse", Long: "reverse the order", Hidden: true},
	}, tabs, []Binding{filter, hidden(settings), copies("id")}, moves)}

	AllTokens = Set{"All tokens", join([]Binding{
		open("detail", "all about the token"),
		revoke, rotate, why,
	}, marks, []Binding{filter, calendar, copies("id")}, moves)}

	Members = Set{"Members", join([]Binding{
		open("token", "the token of the bot in this row"),
		{Action: New, Keys: []string{"n"}, Short: "add", Long: "add a member", Changes: true},
		{Action: Edit, Keys: []string{"e"}, Short: "role", Long: "change the member's role or end", Changes: true},
		{Action: Remove, Keys: []string{"x"}, Short: "remove", Long: "remove the member", Changes: true},
		hidden(newToken),
	}, tabs, []Binding{filter}, moves)}

	Calendar = Set{"Calendar of ends", join([]Binding{
		{Action: Open, Keys: []string{"enter"}, Short: "tokens", Long: "the tokens that end on the day"},
		{Action: Rotate, Keys: []string{"r"}, Short: "rotate that day", Long: "rotate all tokens that end on the day", Changes: true},
		{Action: Spread, Keys: []string{"s"}, Short: "spread", Long: "rotate them so that their ends are spread over two weeks", Changes: true},
		{Action: Week, Keys: []string{"left", "h"}, Short: "week before", Long: "a week back", Hidden: true},
		{Action: NextWeek, Keys: []string{"right", "l"}, Short: "week after", Long: "a week on", Hidden: true},
		{Action: AsCalendar, Keys: []string{"v"}, Short: "list", Long: "back to the list"},
	}, moves)}

	Bulk = Set{"Many tokens at once", join([]Binding{
		{Action: Proceed, Keys: []string{"enter"}, Short: "go on", Long: "do it to all that are listed, or to none; asks first", Changes: true},
		{Action: LeaveOut, Keys: []string{"space"}, Short: "leave it out", Long: "leave the token out"},
		{Action: OnlyUnused, Keys: []string{"u"}, Short: "only the unused", Long: "leave out all that somebody used in the last 90 days"},
		{Action: Copy, Keys: []string{"y"}, Short: "copy", Long: "copy the command that does the same"},
	}, moves)}

	Secrets = Set{"Secrets of a rotation", join([]Binding{
		{Action: CopySecret, Keys: []string{"c"}, Short: "copy", Long: "copy the secret of the row"},
		{Action: Show, Keys: []string{"v"}, Short: "show", Long: "show it for 30 seconds, or hide it"},
		{Action: Stored, Keys: []string{"space"}, Short: "stored", Long: "tick it when you have stored the secret"},
		{Action: Write, Keys: []string{"f"}, Short: "file", Long: "write all into a new file that only you can read; at the machine itself only"},
	}, moves)}

	Reach = Set{"Who can do what in a project or group", join([]Binding{
		open("why", "why he can do what he can, and why not the rest"),
		{Action: Copy, Keys: []string{"y"}, Short: "copy as CSV", Long: "copy the rows for a spreadsheet"},
		hidden(newToken),
	}, tabs, moves)}

	PlaceSettings = Set{"Settings of a project or group", join([]Binding{
		{Action: Switch, Keys: []string{"space"}, Short: "on or off", Long: "turn it on or off", Changes: true},
		open("go there", "go to the group where it is set"),
		hidden(newToken),
	}, tabs, moves)}

	TokenDetail = Set{"Token", join([]Binding{
		open("hand-over", "who still uses the old secret of a token that was rotated"),
		revoke, rotate, why,
		{Action: Previous, Keys: []string{"["}, Short: "previous", Long: "the previous token of the list"},
		{Action: Following, Keys: []string{"]"}, Short: "next", Long: "the next token of the list"},
		{Action: Copy, Keys: []string{"y"}, Short: "copy id", Long: "copy its id; never a secret"},
	}, moves)}

	Handover = Set{"Hand-over of a token that was rotated", join([]Binding{
		{Action: Remove, Keys: []string{"x"}, Short: "end the old now", Long: "end the old secret now; the new one and the bot stay", Changes: true},
		{Action: Bell, Keys: []string{"b"}, Short: "bell when safe", Long: "ring the bell once nobody uses the old secret any more, or don't"},
		{Action: Copy, Keys: []string{"y"}, Short: "copy who is missing", Long: "copy the addresses that still use the old secret"},
		open("new token", "all about the token that takes over"),
	}, moves)}

	Who = Set{"People and bots", join([]Binding{
		open("tokens", "the tokens of the person or bot"),
		{Action: Block, Keys: []string{"b"}, Short: "block", Long: "block the person, or let him in again", Changes: true},
		filter, copies("username"),
	}, moves)}

	Log = Set{"Audit log", join([]Binding{
		open("all of it", "all that the entry says"),
	}, moves)}

	Acts = Set{"Commands of what was done", join([]Binding{
		{Action: Copy, Keys: []string{"y"}, Short: "copy", Long: "copy the command"},
	}, moves)}

	Instance = Set{"Settings of the instance", join([]Binding{
		{Action: Edit, Keys: []string{"e", "enter", "right", "l"}, Short: "change", Long: "give it another value", Changes: true},
		{Action: Theme, Keys: []string{"T"}, Short: "theme", Long: "the console's colours: try them, and choose"},
	}, moves)}

	Themes = Set{"Theme", join([]Binding{
		{Action: Open, Keys: []string{"enter"}, Short: "keep", Long: "keep the theme until the console ends; moving tries it"},
		{Action: Write, Keys: []string{"f"}, Short: "write it", Long: "write the theme into your config.toml: its line, nothing else"},
	}, moves)}

	Refused = Set{"What was refused", join([]Binding{
		open("why", "the steps of the decision, and what would let it through"),
		copies("request id"),
	}, moves)}

	Paste = Set{"Whose is it", []Binding{
		{Action: Answer, Keys: []string{"enter"}, Short: "look it up", Long: "look up what was typed; a paste needs no key"},
		{Action: Leave, Keys: []string{"esc"}, Short: "leave", Long: "leave it"},
	}}

	Day = Set{"Another day", []Binding{
		{Action: Answer, Keys: []string{"enter"}, Short: "shows it", Long: "show the day: `30d`, `dec 24` or `2027-01-31`"},
		{Action: Leave, Keys: []string{"esc"}, Short: "leave", Long: "stay on this day"},
	}}

	Anything = Set{"Go to anything", []Binding{
		{Action: Answer, Keys: []string{"enter"}, Short: "does it", Long: "go there, or do it; before what to look for, `t` `p` `r` `u` mean tokens, projects, groups, people and bots"},
		{Action: Up, Keys: []string{"up"}, Short: "up", Long: "up", Hidden: true},
		{Action: Down, Keys: []string{"down"}, Short: "down", Long: "down", Hidden: true},
		{Action: Leave, Keys: []string{"esc"}, Short: "leave", Long: "leave it"},
	}}

	Found = Set{"What was found", join([]Binding{
		open("open", "all about the token, or why the request was refused"),
		revoke, rotate, why,
	}, moves)}

	Secret = Set{"Secret", []Binding{
		{Action: CopySecret, Keys: []string{"c"}, Short: "copy", Long: "copy the secret"},
		{Action: Snippet, Keys: []string{"1", "2", "3", "4", "5"}, Short: "copy that", Long: "copy the line with that number, with the secret in it"},
		{Action: Show, Keys: []string{"v"}, Short: "show", Long: "show it for 30 seconds, or hide it"},
		{Action: Stored, Keys: []string{"space"}, Short: "stored", Long: "tick it when you have stored the secret: then leaving doesn't ask"},
	}}

	Closed = Set{"Refused form", []Binding{
		{Action: Leave, Keys: []string{"enter"}, Short: "back", Long: "back to where the form was asked for"},
	}}

	// A form has one of three, by the field that has the focus; the last field
	// creates on enter.
	TextField     = Set{"Form: a text", forms}
	ChipField     = Set{"Form: a choice", join([]Binding{chips}, forms)}
	TickField     = Set{"Form: a tick", join([]Binding{ticks}, slices.DeleteFunc(slices.Clone(forms), func(b Binding) bool { return b.Action == Next }))}
	NumberedField = Set{"Form: what for", join([]Binding{
		{Action: Number, Keys: []string{"1", "2", "3", "4", "5", "6", "7", "8"}, Short: "for", Long: "choose what the token is for: its role, scopes and end follow"},
		chips}, forms)}
	FilterLine  = Set{"Filter line", filterLine}
	Question    = Set{"Question", question}
	TypedAnswer = Set{"Question that wants words typed", []Binding{
		{Action: Answer, Keys: []string{"enter"}, Short: "answer", Long: "do it, once the words fit"},
		{Action: No, Keys: []string{"esc"}, Short: "no", Long: "leave everything as it is"},
	}}
	HelpPage = Set{"Help", join([]Binding{
		{Action: Leave, Keys: []string{"esc", "?", "f1", "q", "left", "h", "enter"}, Short: "close", Long: "close the help"},
	}, moves)}
)

var (
	ticks = Binding{Action: Tick, Keys: []string{"space", "enter"}, Short: "tick", Long: "tick or untick; `ctrl+s` creates"}
	chips = Binding{Action: Choose, Keys: []string{"left", "right"}, Short: "choose", Long: "choose among the words of the row; a letter goes to the next word that begins with it"}
	forms = []Binding{
		{Action: Create, Keys: []string{"ctrl+s"}, Short: "create", Long: "create, from anywhere in the form"},
		{Action: Field, Keys: []string{"up", "down", "shift+tab", "tab"}, Short: "field", Long: "previous, next field"},
		{Action: Next, Keys: []string{"enter"}, Short: "next", Long: "next field; on the last one create, if it is no tick", Hidden: true},
		{Action: Cancel, Keys: []string{"esc"}, Short: "cancel", Long: "leave the form; asks if something was typed"},
	}
	filterLine = []Binding{
		{Action: Keep, Keys: []string{"enter", "down"}, Short: "keep", Long: "keep the filter and go back to the rows"},
		{Action: Complete, Keys: []string{"tab"}, Short: "complete", Long: "take the first word offered"},
		{Action: Leave, Keys: []string{"esc"}, Short: "leave", Long: "leave the filter; the rows are those that the list was opened with"},
	}
	question = []Binding{
		{Action: Choose, Keys: []string{"left", "right", "tab", "shift+tab", "h", "l"}, Short: "choose", Long: "choose yes or no"},
		{Action: Answer, Keys: []string{"enter"}, Short: "answer", Long: "answer what is chosen; No at first"},
		{Action: Yes, Keys: []string{"y"}, Short: "yes", Long: "yes"},
		{Action: No, Keys: []string{"n", "esc", "q"}, Short: "no", Long: "leave everything as it is"},
	}
)

func hidden(b Binding) Binding {
	b.Hidden = true
	return b
}

// Sets lists every set, in the order of docs/keys.md.
func Sets() []Set {
	return []Set{
		Global, Typing, Places, Home, Projects, Groups, ActiveTokens, InactiveTokens, AllTokens, Members,
		PlaceSettings, Reach, TokenDetail, Handover, Who, Log, Acts, Instance, Themes, Refused, Paste, Anything, Day, Found, Calendar, Bulk, Secret, Secrets, Closed, TextField, ChipField, NumberedField, TickField, FilterLine, Question, TypedAnswer, HelpPage,
	}
}
