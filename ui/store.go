package ui

import (
	"context"
	"time"

	"patrol/model"
)

// Store is what the console needs of the store: model.Store has it all.
type Store interface {
	CheckToken(context.Context, model.Actor, model.NewToken) (model.NewToken, model.Decision, error)
	CreateToken(context.Context, model.Actor, model.NewToken) (model.IssuedToken, error)
	NotAcknowledged(ctx context.Context, a model.Actor, token int64) error
	RevokeTokens(ctx context.Context, a model.Actor, in model.Ref, ids ...int64) error
	Token(ctx context.Context, a model.Actor, in model.Ref, id int64) (model.Token, error)
	Tokens(context.Context, model.Actor, model.TokenQuery, model.Page) (model.List[model.Token], error)
	EndsByDay(ctx context.Context, a model.Actor, q model.TokenQuery, from model.Date, days int) (model.Ends, error)
	TokenHistory(ctx context.Context, a model.Actor, id int64, p model.Page) (model.List[model.Event], error)

	CheckRotation(ctx context.Context, a model.Actor, in model.Ref, r model.Rotation, id int64) (model.Rotation, model.Decision, error)
	RotateTokens(ctx context.Context, a model.Actor, in model.Ref, r model.Rotation, ids ...int64) ([]model.IssuedToken, error)
	Refusals(ctx context.Context, a model.Actor, token int64) ([]model.Refusal, error)
	RefusedAgain(ctx context.Context, a model.Actor, since time.Time, times int) ([]model.Refusal, error)
	model.Enquiries
	model.Uses

	model.Projects
	model.Groups
	model.Members

	User(ctx context.Context, a model.Actor, id int64, name string) (model.User, error)
	Users(context.Context, model.Actor, model.UserQuery, model.Page) (model.List[model.User], error)

	ChangeUser(ctx context.Context, a model.Actor, id int64, c model.UserChange) (model.User, error)

	Settings(context.Context, model.Actor) ([]model.Setting, error)
	ChangeSetting(ctx context.Context, a model.Actor, key, value string) (model.Setting, error)
	Setting(ctx context.Context, name string) (string, error)
	URL(context.Context) (string, error)
	Entries(context.Context, model.Actor, model.AuditQuery, model.Page) (model.List[model.Entry], error)
	VerifyAudit(context.Context, model.Actor) (model.AuditReport, error)

	// Now is the store's clock in UTC.
	Now() time.Time
	// Version changes whenever anything in the database has changed.
	Version() (uint64, error)
	// Ready is nil while the database answers.
	Ready(context.Context) error
}
