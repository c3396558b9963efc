package model

import (
	"context"
	"time"
)

// Member is a user's membership in a place, direct or inherited (R8, R10).
type Member struct {
	User      User
	Role      Role
	From      Place // where the membership is: the place asked about, or a group above it
	FromPath  string
	ExpiresOn Date // zero: no end; a bot's has none of its own (R100)
	CreatedAt time.Time
	CreatedBy *User // nil: nobody known
	TokenID   int64 // of a bot: the token that it is for
	TokenEnds Date  // of a bot: that token's date
}

// Members are the use cases of memberships.
type Members interface {
	AddMember(ctx context.Context, a Actor, in Ref, userID int64, role Role, ends Date) (Member, error)
	// Members lists direct members, with inherited ones each user once with the
	// highest role (A101, A102).
	Members(ctx context.Context, a Actor, in Ref, inherited bool, search string, p Page) (List[Member], error)
	// MembersByID is Members in the order of the users' ids.
	MembersByID(context.Context, Actor, MemberQuery, Page) (List[Member], error)
	// ChangeMember sets role and end; a nil end leaves it as it is.
	ChangeMember(ctx context.Context, a Actor, in Ref, userID int64, role Role, ends *Date) (Member, error)
	RemoveMember(ctx context.Context, a Actor, in Ref, userID int64) error
}

// MemberQuery says which members are wanted; all conditions hold together.
type MemberQuery struct {
	In        Ref
	Inherited bool    // with those of the groups above, each user once
	Search    string  // part of username or name, without case
	UserIDs   []int64 // nil: all
}
