package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/admin"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
	"github.com/gmcn/gmcn/ui/site"
)

// postersOf says how the posters of a country are made.
func postersOf(home *country, n *node.Node) *site.Posters {
	return &site.Posters{Public: n.Public(), Bundle: home.bundle, Look: home.look, BaseURL: home.Member.Site, Fonts: home.fonts}
}

// counsel is advice on a poster in words.
type counsel struct {
	Stop bool   `json:"stop"`
	Text string `json:"text"`
}

func (c *control) inWords(advice []poster.Advice) []counsel {
	l, _ := c.posters.Bundle.Locale("en")
	all := make([]counsel, len(advice))
	for i, a := range advice {
		all[i] = counsel{a.Stop, l.T("preflight."+a.Key, a.Args...)}
	}
	return all
}

// advise says what stands against the poster of a case of our own that the public sees. The poster of another country's
// case is that country's to judge.
func (c *control) advise(r *http.Request) ([]counsel, error) {
	ref, err := protocol.ParseRef(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	shown, err := c.posters.Public.Case(ref)
	if err != nil || !shown.Own {
		return nil, err
	}
	in, err := c.posters.Of(shown)
	if err != nil {
		return nil, err
	}
	if err := c.posters.Ask(&in, r.URL.Query(), c.mainLocale()); err != nil {
		return nil, err
	}
	if err := c.posters.AddShown(&in, shown); err != nil {
		return nil, err
	}
	desks, err := admin.Desks(c.node)
	if err != nil {
		return nil, err
	}
	desk, err := desks(ref)
	if err != nil {
		return nil, err
	}
	proof, err := poster.Preflight(in, desk)
	if err != nil {
		return nil, err
	}
	return c.inWords(proof.Advice), nil
}

// mainLocale is the site's main language.
func (c *control) mainLocale() *i18n.Locale {
	l, _ := c.posters.Bundle.Locale(c.node.Card().Languages[0])
	return l
}

// step is one of the JSON values that answer who asks for many posters: how far it is, a piece of the file, or the end.
type step struct {
	Done int      `json:"done,omitempty"`
	All  int      `json:"all,omitempty"`
	Data []byte   `json:"data,omitempty"`
	End  *outcome `json:"end,omitempty"`
	// Refusal ends a file that is not to be used.
	Refusal *refusal `json:"refusal,omitempty"`
}

// outcome says what has become of all the cases.
type outcome struct {
	Made int `json:"made"`
	// Left are the cases that have been left out.
	Left []leftOut `json:"left,omitempty"`
}

type leftOut struct {
	Number string    `json:"number"`
	Stops  []counsel `json:"stops"`
}

// longestPoster is how long a step of a batch may take before the connection is cut.
const longestPoster = time.Minute

// posterBatch answers with the posters of the cases that the query names, or of all, step by step.
func (c *control) posterBatch(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	steps, conn := json.NewEncoder(w), http.NewResponseController(w)
	out := bufio.NewWriterSize(pieces{steps}, 256<<10)
	b := &site.Batch{Posters: c.posters, Kind: site.BatchKind(r.URL.Query().Get("kind")), Query: r.URL.Query(), Locale: c.mainLocale()}
	b.Progress = func(done, all int) {
		// A batch may take longer than other answers. Only a socket has deadlines and something to flush.
		conn.SetReadDeadline(time.Now().Add(longestPoster))
		conn.SetWriteDeadline(time.Now().Add(longestPoster))
		steps.Encode(step{Done: done, All: all}) // a command that went away ends the request's context
		conn.Flush()
	}
	end, err := c.writeBatch(r.Context(), b, r.URL.Query()["case"], out)
	if err != nil {
		steps.Encode(step{Refusal: refuse(err)})
		return
	}
	steps.Encode(step{End: end})
}

func (c *control) writeBatch(ctx context.Context, b *site.Batch, cases []string, out *bufio.Writer) (*outcome, error) {
	for _, one := range cases {
		ref, err := protocol.ParseRef(one)
		if err != nil {
			return nil, err
		}
		b.Cases = append(b.Cases, ref)
	}
	var err error
	if b.Desk, err = admin.Desks(c.node); err != nil {
		return nil, err
	}
	made, err := b.Write(ctx, out)
	if err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	holds, err := made.Holds(c.posters.Public)
	if err != nil {
		return nil, err
	}
	if !holds {
		return nil, &refusal{Code: "changed", Message: "a case was changed or closed while the posters were made; make them again"}
	}
	end := &outcome{Made: len(made.Cases)}
	for _, l := range made.Left {
		end.Left = append(end.Left, leftOut{l.Number, c.inWords(l.Stops)})
	}
	return end, nil
}

// pieces writes a file as steps.
type pieces struct{ steps *json.Encoder }

func (p pieces) Write(b []byte) (int, error) {
	if err := p.steps.Encode(step{Data: b}); err != nil {
		return 0, err
	}
	return len(b), nil
}

// posters writes the posters that are asked for to w and returns what has become of them. After an error what was written is of
// no use.
func (c *client) posters(ctx context.Context, ask url.Values, w io.Writer, progress func(done, all int)) (*outcome, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://gmcn/posters?"+ask.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the running node: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the running node answers %s: is it another version of gmcn? Start it again", resp.Status)
	}
	for d := json.NewDecoder(resp.Body); ; {
		var s step
		switch err := d.Decode(&s); {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the running node broke off")
		case err != nil:
			return nil, fmt.Errorf("read the node's answer: %w", err)
		case s.Refusal != nil:
			return nil, s.Refusal
		case s.End != nil:
			return s.End, nil
		}
		if s.All > 0 {
			progress(s.Done, s.All)
		}
		if _, err := w.Write(s.Data); err != nil {
			return nil, err
		}
	}
}
