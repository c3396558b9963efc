package notices

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"patrol/model"
)

// mailer sends events by SMTP, each as one message of plain text.
type mailer struct {
	target  Target
	config  Config
	host    string
	secure  *tls.Config
	options []mail.Option
}

func newMailer(t Target, c Config) (peer, error) {
	host, port, err := net.SplitHostPort(t.Server)
	number, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil || host == "" || number == 0 {
		return nil, errors.New("server must be HOST:PORT, such as smtp.example.org:587")
	}
	roots, err := authorities(t.CAFile)
	if err != nil {
		return nil, err
	}
	if (t.Username == "") != (t.Password == "") {
		return nil, errors.New("username and password belong together")
	}
	secure := &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
	options := []mail.Option{mail.WithPort(int(number)), mail.WithTimeout(MostTime), mail.WithTLSConfig(secure)}
	switch t.TLS {
	case "", "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "implicit":
		// dial has made it safe: the library, which offers no STARTTLS then, looks.
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case "none":
		if !onThisMachine(host) || t.Username != "" {
			return nil, errors.New("tls none is for a server on this machine, without a password")
		}
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, errors.New("tls is starttls, implicit or none")
	}
	if t.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(t.Username), mail.WithPassword(t.Password))
	}
	m := &mailer{target: t, config: c, host: host, secure: secure, options: options}
	if _, err = mail.NewClient(host, options...); err != nil {
		return nil, fmt.Errorf("mail can't be set up: %w", err)
	}
	if _, err := m.message(Sample(c.now())); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *mailer) deliver(ctx context.Context, e model.TokenEvent) error {
	message, err := m.message(e)
	if err != nil || message == nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, MostTime)
	defer cancel()
	// The connection lasts no longer than this, whatever the server does: the
	// library waits for each answer anew, and leaves it open where STARTTLS fails.
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { c.Close() })
		if m.target.TLS != "implicit" {
			return c, nil
		}
		secure := tls.Client(c, m.secure)
		return secure, secure.HandshakeContext(dialing)
	}
	client, err := mail.NewClient(m.host, append(slices.Clip(m.options), mail.WithDialContextFunc(dial))...)
	if err == nil {
		err = m.send(ctx, client, message)
	}
	if err != nil {
		return errors.New(m.hidden(err.Error()))
	}
	return nil
}

// send has done its work once the server has taken the text: the library's own
// DialAndSend fails where the connection ends badly after that, or where one of
// many addresses is no more, and the mail would go out again and again, or never.
func (m *mailer) send(ctx context.Context, client *mail.Client, message *mail.Msg) error {
	server, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	defer server.Close()
	from, err := message.GetSender(false)
	if err != nil {
		return err
	}
	if err := server.Mail(from); err != nil {
		return err
	}
	to, err := message.GetRecipients()
	if err != nil {
		return err
	}
	known := 0
	for _, address := range to {
		switch err := server.Rcpt(address); {
		case err == nil:
			known++
		case len(m.target.To) > 0 || !noSuchAddress(err):
			return err
		default:
			m.config.Log.Warn("a notice can't be mailed: the server has no such address", "target", m.target.Name, "address", address, "error", m.hidden(err.Error()))
		}
	}
	if known == 0 {
		return nil
	}
	w, err := server.Data()
	if err != nil {
		return err
	}
	if _, err := message.WriteTo(w); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	server.Quit()
	return nil
}

// unknownAddress are RFC 3463's words for a recipient who will never be there.
// Others may speak of the sender, or of what the server won't take from us.
var unknownAddress = regexp.MustCompile(`^5\.1\.(1|2|3|6|10)\b`)

func noSuchAddress(err error) bool {
	var answer *textproto.Error
	return errors.As(err, &answer) && answer.Code/100 == 5 && unknownAddress.MatchString(answer.Msg)
}

// message is nil where there is nobody to write to.
func (m *mailer) message(e model.TokenEvent) (*mail.Msg, error) {
	to := m.target.To
	if len(to) == 0 {
		to = e.Addresses
	}
	message := mail.NewMsg()
	if err := message.From(m.target.From); err != nil {
		return nil, errors.New("from is no e-mail address")
	}
	if len(to) == 0 {
		return nil, nil
	}
	for _, address := range to {
		if err := message.AddTo(address); err != nil && len(m.target.To) > 0 {
			return nil, errors.New("to holds what is no e-mail address")
		}
	}
	if len(message.GetToString()) == 0 {
		return nil, nil
	}
	sentence := Sentence(e)
	message.Subject("[Patrol] " + cut(sentence, 150))
	from := message.GetFrom()[0].Address
	domain := from[strings.LastIndexByte(from, '@')+1:]
	message.SetMessageIDWithValue("patrol." + e.ID + "@" + domain) // equal for repeats
	message.SetDateWithValue(m.config.now())
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, sentence+".\n\nEvent: "+e.ID+", "+e.At.UTC().Format("2006-01-02 15:04:05")+" UTC\n"+m.advice(e))
	return message, nil
}

func (m *mailer) advice(e model.TokenEvent) string {
	if isTest(e) {
		return "This is a test: there is no such token.\n"
	}
	text := fmt.Sprintf("Look:  patrol token show %d\n", e.TokenID)
	switch e.Kind {
	case model.EventExpiring, model.EventExpired:
		text += fmt.Sprintf("Renew: patrol token rotate %d\n", e.TokenID)
	case model.EventPublished:
		text += fmt.Sprintf("End:   patrol token revoke %d\n", e.TokenID)
	}
	return text
}

// hidden is what a mail server said, without what it may repeat of us.
func (m *mailer) hidden(text string) string {
	if m.target.Password != "" {
		text = strings.ReplaceAll(text, m.target.Password, "[hidden]")
	}
	return text
}

// cut shortens a text to so many letters.
func cut(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}
