package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/site"
)

// maxControl is the largest JSON body that the control socket takes, in bytes.
const maxControl = 1 << 20

// refusal is an error as it travels over the control socket.
type refusal struct {
	// Code is what kind of refusal it is: problems, photo, notfound, closed, number, changed, moved, other.
	Code     string            `json:"code"`
	Message  string            `json:"message"`
	Problems protocol.Problems `json:"problems,omitempty"`
}

// Error gives the message, and what is wrong with each field on a line of its own.
func (r *refusal) Error() string {
	if len(r.Problems) == 0 {
		return r.Message
	}
	return r.Message + "\n" + r.Problems.Error()
}

// published is the answer to a case that was published or closed.
type published struct {
	ID     protocol.CaseID `json:"id"`
	Ref    protocol.Ref    `json:"reference"`
	Number string          `json:"number"`
	Rev    uint64          `json:"revision"`
	// Address of the case on the public site.
	Address string `json:"address"`
	// Waits is how the gate stands that the case waits for; nil when it has been signed.
	Waits *node.Gate `json:"waits,omitempty"`
}

// desk is every case of our own: those that are open, the newest change first, and what is left of those closed.
type desk struct {
	Open []*store.Draft `json:"open"`
	// Due is when each public case that must be confirmed within two weeks hides itself, or has hidden itself.
	Due    map[string]time.Time `json:"due"`
	Closed []store.Closed       `json:"closed"`
}

// renewal asks for a new card.
type renewal struct {
	Details    node.Details `json:"details"`
	Passphrase string       `json:"passphrase"`
}

// control is what the operator's commands reach of a node, over the socket or in their own process.
type control struct {
	node *node.Node
	site string // the address of the public site
	// posters says how the posters of the country are made.
	posters *site.Posters
}

// handler returns the routes. Under /site/ is the public site itself: a poster made by command is the one that the site gives.
func (c *control) handler(public http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /card", answer(c.card))
	mux.HandleFunc("POST /card", answer(c.renewCard))
	mux.HandleFunc("GET /peers", answer(c.peers))
	mux.HandleFunc("GET /alarms", answer(c.alarms))
	mux.HandleFunc("GET /gate", answer(c.gate))
	mux.HandleFunc("POST /peers", answer(c.addPeer))
	mux.HandleFunc("DELETE /peers/{origin}", answer(c.removePeer))
	c.routePairing(mux)
	c.routeKeys(mux)
	c.routeExtensions(mux)
	mux.HandleFunc("GET /cases", answer(c.cases))
	mux.HandleFunc("POST /cases", answer(c.publish))
	mux.HandleFunc("POST /cases/{id}/close", answer(c.closeCase))
	mux.HandleFunc("GET /board", answer(c.board))
	mux.HandleFunc("GET /cases/{id}/report", answer(c.report))
	mux.HandleFunc("POST /cases/{id}/renew", answer(c.renewCase))
	mux.HandleFunc("POST /photos", answer(c.addPhoto))
	mux.HandleFunc("GET /posters", c.posterBatch)
	mux.HandleFunc("GET /posters/{ref}/advice", answer(c.advise))
	mux.HandleFunc("GET /check", answer(c.check))
	mux.Handle("/site/", http.StripPrefix("/site", public))
	return mux
}

// answer writes what do returns as JSON, or its error as a refusal.
func answer[T any](do func(*http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body := http.StatusOK, any(nil)
		result, err := do(r)
		if body = result; err != nil {
			status, body = http.StatusUnprocessableEntity, refuse(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(body) // the command went away: nobody is left to tell
	}
}

func refuse(err error) *refusal {
	var r *refusal
	var problems protocol.Problems
	var picture *photo.Error
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &problems):
		return &refusal{Code: "problems", Message: "this cannot be published yet:", Problems: problems}
	case errors.As(err, &picture):
		return &refusal{Code: "photo", Message: photoWords[picture.Code] + " (" + picture.Detail + ")"}
	case errors.Is(err, protocol.ErrClosed):
		return &refusal{Code: "closed", Message: err.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return &refusal{Code: "notfound", Message: err.Error()}
	}
	return &refusal{Code: "other", Message: err.Error()}
}

var photoWords = map[string]string{
	photo.BadFormat: "not a picture that we can read: save it as JPEG, PNG or WebP",
	photo.TooSmall:  "too small to know a face by: use the original picture",
	photo.TooLarge:  "too large: save it smaller",
	photo.Broken:    "damaged or cut short: copy the picture once more",
}

// read reads a JSON body; an unknown field is an error.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxControl))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read what the command sent: %w", err)
	}
	return nil
}

// cardText is a card as text.
type cardText struct {
	Text string `json:"text"`
}

// readSentCard reads a card that a command sent.
func readSentCard(r *http.Request) (*protocol.Card, error) {
	var ask cardText
	if err := read(r, &ask); err != nil {
		return nil, err
	}
	return protocol.ParseCard([]byte(ask.Text))
}

func (c *control) card(*http.Request) (cardText, error) { return cardText{c.node.Card().Text()}, nil }

func (c *control) renewCard(r *http.Request) (cardText, error) {
	var ask renewal
	if err := read(r, &ask); err != nil {
		return cardText{}, err
	}
	card, err := c.node.RenewCard(ask.Details, ask.Passphrase)
	if err != nil {
		return cardText{}, err
	}
	return cardText{card.Text()}, nil
}

func (c *control) peers(*http.Request) ([]peerRow, error) {
	peers, err := c.node.Peers()
	if err != nil {
		return nil, err
	}
	rows := make([]peerRow, len(peers))
	for i, p := range peers {
		rows[i] = rowOf(p)
	}
	return rows, nil
}

func (c *control) addPeer(r *http.Request) (struct{}, error) {
	card, err := readSentCard(r)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, c.node.AddMember(card)
}

func (c *control) removePeer(r *http.Request) (struct{}, error) {
	origin, err := protocol.ParseOrigin(r.PathValue("origin"))
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, c.node.RemoveMember(origin)
}

func (c *control) cases(*http.Request) (d desk, err error) {
	if d.Open, err = c.node.Drafts(); err != nil {
		return d, err
	}
	due, err := c.node.Due()
	if err != nil {
		return d, err
	}
	d.Due = map[string]time.Time{}
	for _, one := range due {
		d.Due[one.Draft.ID.String()] = one.ReviewBy
	}
	d.Closed, err = c.node.Closed()
	return d, err
}

func (c *control) addPhoto(r *http.Request) (protocol.Photo, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, photo.MaxUploadBytes))
	if err != nil {
		return protocol.Photo{}, fmt.Errorf("read photo: %w", err)
	}
	return c.node.AddPhoto(raw)
}

// publish publishes a new case, or a new revision of one whose ID is given. Nothing is kept of what has problems.
func (c *control) publish(r *http.Request) (*published, error) {
	var d store.Draft
	if err := read(r, &d); err != nil {
		return nil, err
	}
	all, err := c.cases(r)
	if err != nil {
		return nil, err
	}
	fresh := d.ID == protocol.CaseID{}
	if !fresh && !slices.ContainsFunc(all.Open, func(o *store.Draft) bool { return o.ID == d.ID }) {
		return nil, &refusal{Code: "notfound", Message: fmt.Sprintf(
			"there is no open case with the id %s: leave the id out to publish a new case; gmcn case list has the ids", d.ID)}
	}
	for _, o := range all.Open {
		if fresh && strings.EqualFold(o.Case.Number, d.Case.Number) {
			return nil, &refusal{Code: "number", Message: fmt.Sprintf(
				"there is a case %s already: put \"id\": %q into the file to revise it, or give this one another number", o.Case.Number, o.ID)}
		}
	}
	if p := node.Problems(&d, time.Now()); len(p) > 0 {
		return nil, p
	}
	if err := c.node.SaveDraft(&d); err != nil {
		return nil, err
	}
	record, err := c.node.Publish(d.ID)
	return c.published(d.ID, record, d.Case.Number, err)
}

func (c *control) closeCase(r *http.Request) (*published, error) {
	id, err := protocol.ParseCaseID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var ask struct {
		Reason protocol.Reason `json:"reason"`
	}
	if err := read(r, &ask); err != nil {
		return nil, err
	}
	record, err := c.node.CloseCase(id, ask.Reason)
	return c.published(id, record, "", err)
}

// renewed is the answer to a case that was confirmed.
type renewed struct {
	ReviewBy time.Time `json:"review_by"`
	// Waits is as in published.
	Waits *node.Gate `json:"waits,omitempty"`
}

func (c *control) renewCase(r *http.Request) (renewed, error) {
	id, err := protocol.ParseCaseID(r.PathValue("id"))
	if err != nil {
		return renewed{}, err
	}
	_, err = c.node.Renew(id)
	waits, err := c.waits(err)
	return renewed{c.node.ReviewBy(id), waits}, err
}

func (c *control) alarms(*http.Request) ([]node.Alarm, error) { return c.node.Alarms(), nil }

func (c *control) gate(*http.Request) (node.Gate, error) { return c.node.Gate() }

// waits returns how the gate stands when err says that something waits for it.
func (c *control) waits(err error) (*node.Gate, error) {
	if !errors.Is(err, node.ErrWaiting) {
		return nil, err
	}
	g, err := c.node.Gate()
	return &g, err
}

// published tells of a case whose record, or whose having to wait, the node has returned.
func (c *control) published(id protocol.CaseID, r *protocol.Record, number string, err error) (*published, error) {
	waits, err := c.waits(err)
	if err != nil {
		return nil, err
	}
	ref := protocol.RefOf(c.node.Origin(), id)
	done := &published{ID: id, Ref: ref, Number: number, Address: c.site + "/c/" + ref.String(), Waits: waits}
	if r != nil {
		done.Rev = r.Header().Rev
	}
	return done, nil
}

func (c *control) check(*http.Request) (struct{}, error) { return struct{}{}, c.node.Check() }
