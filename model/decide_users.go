package model

// Person is what is known of the user whom somebody wants to change.
type Person struct {
	ID        int64
	Kind      UserKind
	Mine      bool // the caller himself
	LastAdmin bool // the only administrator who isn't blocked
}

// PersonAction is what somebody wants to do to a user.
type PersonAction uint8

// The actions on users. EditKeys is adding and removing SSH keys.
const (
	EditPerson   PersonAction = iota // name, e-mail address, marks
	DisarmPerson                     // block him, or take his administrator mark
	DeletePerson
	EditKeys
)

// DecidePerson decides what is done to a user: an administrator's business,
// but his own keys are everybody's own (R33). Bots and the ghost are never
// changed by hand (R109, R130), and one administrator always stays.
func DecidePerson(f Facts, p Person, action PersonAction) Decision {
	f.Action, f.Target = Administer, Target{}
	if action == EditKeys && p.Mine {
		f.Action = NoAction
	}
	if d := Decide(f); !d.Allowed {
		return d
	}
	switch {
	case p.Kind == Bot:
		return refuse(ErrDenied, "R109", "A bot can't be changed or deleted by hand.", "revoking its token ends it")
	case p.Kind == Ghost:
		return refuse(ErrDenied, "R130", "The Ghost User can't be changed or deleted.", "")
	case action == DeletePerson && p.Mine:
		return refuse(ErrDenied, "A76", "Nobody deletes himself.", "another administrator does it")
	case action == DeletePerson && p.ID == RootID:
		return refuse(ErrDenied, "A76", "The user root can't be deleted: the machine's command line acts as root.", "block root instead")
	case p.LastAdmin && (action == DeletePerson || action == DisarmPerson):
		return refuse(ErrDenied, "R33", "The last administrator who isn't blocked must stay.", "another administrator first")
	}
	return allow("R33")
}
