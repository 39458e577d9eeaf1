package node

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	libprotocol "github.com/libp2p/go-libp2p/core/protocol"

	"github.com/gmcn/gmcn/protocol"
)

// invite makes an invitation at node i and returns what is sent.
func (w *world) invite(i int) *Pairing {
	w.t.Helper()
	p, err := w.nodes[i].Invite()
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// acceptAt pastes text at node i.
func (w *world) acceptAt(i int, text string) *Pairing {
	w.t.Helper()
	p, err := w.nodes[i].AcceptInvite([]byte(text))
	if err != nil {
		w.t.Fatalf("node %d: %v", i, err)
	}
	return p
}

// pairing returns the pairing of node i as it is now.
func (w *world) pairing(i int, id protocol.PairNonce) *Pairing {
	w.t.Helper()
	p, err := w.nodes[i].Pairing(id)
	if err != nil {
		w.t.Fatalf("node %d: %v", i, err)
	}
	return p
}

func (w *world) confirm(i int, id protocol.PairNonce) {
	w.t.Helper()
	if err := w.nodes[i].ConfirmPairing(id); err != nil {
		w.t.Fatalf("node %d: %v", i, err)
	}
}

// standing returns what node j is at node i, "" for nothing.
func (w *world) standing(i, j int) protocol.Standing {
	m, err := w.nodes[i].store.Member(w.nodes[j].Origin())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	return m.Standing
}

func TestTwoCountriesPairByInvitation(t *testing.T) {
	for name, form := range map[string]func(*Pairing, *protocol.Card) string{
		"text": func(p *Pairing, c *protocol.Card) string { return p.Text(c) },
		"QR":   func(p *Pairing, c *protocol.Card) string { return p.Ours.QRText() },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newStrangers(t, 2, nil)
				defer w.close()
				w.start(0)
				w.start(1)
				w.until(time.Minute, "both run", func() bool { return w.nodes[0].mesh.Load() != nil && w.nodes[1].mesh.Load() != nil })
				a := w.invite(0)
				b := w.acceptAt(1, form(a, w.nodes[0].Card()))
				w.until(time.Minute, "both hold each other's card", func() bool {
					return w.pairing(0, a.ID()).Card != nil && w.pairing(1, b.ID()).Knocked
				})
				pa, pb := w.pairing(0, a.ID()), w.pairing(1, b.ID())
				if len(pa.Words) != 6 || !slices.Equal(pa.Words, pb.Words) {
					t.Errorf("one reads %v, the other %v", pa.Words, pb.Words)
				}
				if w.standing(0, 1) != "" || w.standing(1, 0) != "" {
					t.Error("members before a person confirmed")
				}
				w.confirm(0, a.ID())
				time.Sleep(5 * time.Minute)
				if w.standing(0, 1) != protocol.Active || w.standing(1, 0) != "" {
					t.Error("each country confirms for itself")
				}
				w.confirm(1, b.ID())
				r, q := w.publish(0, "Ana"), w.publish(1, "Ben")
				w.until(10*time.Minute, "cases go both ways", w.everywhere(w.shows, r, q))
				for i := range w.nodes {
					if all, err := w.nodes[i].Pairings(); err != nil || len(all) != 0 {
						t.Errorf("node %d: %d pairings left, %v", i, len(all), err)
					}
				}
				// Gossip, not only pulls: a connection of the time before would carry none.
				live := w.publish(0, "Cal")
				w.until(5*time.Second, "a case by gossip", w.everywhere(w.shows, live))
			})
		})
	}
}

func TestTwoCountriesPairByMailAlone(t *testing.T) {
	w := newStrangers(t, 2, nil)
	defer w.close()
	a := w.invite(0)
	b := w.acceptAt(1, a.Text(w.nodes[0].Card()))
	if again := w.acceptAt(1, a.Text(w.nodes[0].Card())); again.ID() != b.ID() {
		t.Error("the same invitation made two pairings")
	}
	got := w.acceptAt(0, b.Text(w.nodes[1].Card()))
	if got.ID() != a.ID() || !slices.Equal(got.Words, b.Words) || len(b.Words) != 6 {
		t.Errorf("one reads %v, the other %v", got.Words, b.Words)
	}
	w.confirm(0, a.ID())
	w.confirm(1, b.ID())
	if w.standing(0, 1) != protocol.Active || w.standing(1, 0) != protocol.Active {
		t.Error("confirmed, but no members")
	}
}

func TestWhatIsPastedIsJudged(t *testing.T) {
	w := newStrangers(t, 3, nil)
	defer w.close()
	n := w.nodes[0]
	a := w.invite(0)
	b := w.acceptAt(1, a.Text(w.nodes[0].Card()))
	ended, err := protocol.SignInvite(w.nodes[2].key, protocol.Invite{Root: w.nodes[2].Card().Root, Nonce: protocol.NewPairNonce(), Expires: time.Now().Add(-time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	stray, err := protocol.SignInvite(w.nodes[2].key, protocol.Invite{Root: w.nodes[2].Card().Root, Nonce: protocol.NewPairNonce(),
		Answers: protocol.NewPairNonce(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	late := *stray
	late.Answers = a.ID()
	second, err := protocol.SignInvite(w.nodes[2].key, late)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, text string
		want       error
	}{
		{"our own", a.Text(n.Card()), ErrOurs},
		{"an ended one", ended.Text(w.nodes[2].Card()), ErrEnded},
		{"an answer to nothing", stray.Text(w.nodes[2].Card()), ErrNoAnswer},
		{"an answer without its card", b.Ours.Text(nil), ErrNoCard},
		{"the answer", b.Text(w.nodes[1].Card()), nil},
		{"the answer again", b.Text(w.nodes[1].Card()), nil},
		{"a second country's answer", second.Text(w.nodes[2].Card()), ErrUsed},
	} {
		if _, err := n.AcceptInvite([]byte(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	if err := w.nodes[1].ConfirmPairing(w.invite(1).ID()); !errors.Is(err, ErrNoCard) {
		t.Errorf("nobody came, yet confirmed: %v", err)
	}
	if err := n.RefusePairing(a.ID()); err != nil {
		t.Fatal(err)
	}
	if err := n.ConfirmPairing(a.ID()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused pairing was confirmed: %v", err)
	}
	for range maxPairings {
		_, err = n.Invite()
	}
	if err != nil {
		t.Error(err)
	}
	if _, err := n.Invite(); !errors.Is(err, ErrMany) {
		t.Errorf("an invitation too many: %v", err)
	}
}

// TestWordsShowWhoStandsBetween: node 2 sits between 0 and 1 and relays, with its own keys, what each sends the other.
func TestWordsShowWhoStandsBetween(t *testing.T) {
	w := newStrangers(t, 3, nil)
	defer w.close()
	a := w.invite(0) // caught on the way by 2, which sends 1 an invitation of its own
	forB := w.invite(2)
	b := w.acceptAt(1, forB.Text(w.nodes[2].Card()))
	toA := w.acceptAt(2, a.Text(w.nodes[0].Card()))
	atA := w.acceptAt(0, toA.Text(w.nodes[2].Card()))
	if slices.Equal(atA.Words, b.Words) {
		t.Error("both ends read the same words, though another stands between them")
	}
	// Nor may it pass off 1's card as its own answer: the signature or the card gives it away.
	forged, err := protocol.SignInvite(w.nodes[2].key, protocol.Invite{Root: w.nodes[1].Card().Root, Nonce: protocol.NewPairNonce(),
		Answers: a.ID(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.nodes[0].AcceptInvite([]byte(forged.Text(w.nodes[1].Card()))); err == nil {
		t.Error("an answer was taken with the card of another node")
	}
}

func TestStrangerReachesNothingButThePairing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newStrangers(t, 3, nil)
		defer w.close()
		// 0 and 1 are members of each other; 2 is a stranger to 0 that takes 0 for a member.
		for _, p := range [][2]int{{0, 1}, {1, 0}, {2, 0}} {
			if err := w.nodes[p[0]].AddMember(w.nodes[p[1]].Card()); err != nil {
				t.Fatal(err)
			}
		}
		w.run()
		w.until(time.Minute, "0 and 1 connected", func() bool {
			return w.nodes[0].mesh.Load() != nil && w.nodes[2].mesh.Load() != nil && len(w.nodes[0].mesh.Load().members()) == 1
		})
		r := w.publish(0, "Ana")
		inside := func() bool { return slices.Contains(w.nodes[0].mesh.Load().host.Network().Peers(), w.peerID(2)) }
		for range 300 {
			if time.Sleep(200 * time.Millisecond); inside() {
				t.Fatal("a stranger is connected, though nobody was invited")
			}
		}
		p := w.invite(0)
		m, ctx := w.nodes[2].mesh.Load(), context.Background()
		connect := func() {
			w.t.Helper()
			if err := m.host.Connect(ctx, peer.AddrInfo{ID: w.peerID(0), Addrs: m.addrs(w.nodes[0].Card().Addrs)}); err != nil {
				t.Fatal(err)
			}
			w.until(time.Second, "the stranger is in", inside)
		}
		connect()
		for _, proto := range []libprotocol.ID{helloProtocol, syncProtocol, blobProtocol, takedownProtocol} {
			s, err := m.host.NewStream(ctx, w.peerID(0), proto)
			if err != nil {
				continue
			}
			f := frames(s)
			f.send(protocol.Frame{Have: &protocol.Have{Logs: []protocol.Holding{{Origin: w.nodes[0].Origin()}}}})
			if got, err := f.read(); err == nil {
				t.Errorf("%s answers a stranger: %+v", proto, got)
			}
			s.Reset()
		}
		knock := func(k *protocol.Knock) (*protocol.Frame, error) {
			s, err := m.host.NewStream(ctx, w.peerID(0), pairProtocol)
			if err != nil {
				return nil, err
			}
			defer s.Reset()
			f := frames(s)
			if err := f.send(protocol.Frame{Knock: k}); err != nil {
				return nil, err
			}
			return f.read()
		}
		card := w.nodes[2].Card().Bytes()
		good := protocol.Knock{Invite: p.ID(), Nonce: protocol.PairNonce{7}, Card: card}
		for what, change := range map[string]func(*protocol.Knock){
			"a wrong secret":      func(k *protocol.Knock) { k.Invite = protocol.PairNonce{1} },
			"the card of another": func(k *protocol.Knock) { k.Card = w.nodes[1].Card().Bytes() },
			"no card":             func(k *protocol.Knock) { k.Card = []byte{1} },
		} {
			k := good
			change(&k)
			if got, err := knock(&k); err == nil {
				t.Errorf("%s was welcomed: %+v", what, got)
			}
		}
		if got, err := knock(&good); err != nil || got.Welcome == nil {
			t.Fatalf("who has the secret is sent away: %v", err)
		}
		if _, err := knock(&good); err == nil {
			t.Error("the invitation was tried twice within a minute")
		}
		time.Sleep(3 * time.Minute)
		for _, c := range w.nodes[0].mesh.Load().host.Network().ConnsToPeer(w.peerID(2)) {
			if age := time.Since(c.Stat().Opened); age > strangerTime+2*pairTick {
				t.Errorf("the stranger is still there after %s", age)
			}
		}
		if w.shows(2, r) {
			t.Error("the stranger has a case")
		}
		connect()
		replayed := good
		replayed.Nonce = protocol.PairNonce{8}
		if _, err := knock(&replayed); err == nil {
			t.Error("a used invitation was taken with another nonce")
		}
		time.Sleep(2 * time.Minute)
		connect()
		if got, err := knock(&good); err != nil || got.Welcome == nil {
			t.Errorf("who lost the answer on the way gets none: %v", err)
		}
		if got := w.pairing(0, p.ID()); got.Nonce != good.Nonce || w.standing(0, 2) != "" {
			t.Errorf("pairing %+v, standing %q", got.Pairing, w.standing(0, 2))
		}
		// The rest of its life would take long: the same invitation, about to end.
		short := *p.Ours
		short.Expires = time.Now().Add(time.Minute)
		ending, err := protocol.SignInvite(w.nodes[0].key, short)
		if err != nil {
			t.Fatal(err)
		}
		err = w.nodes[0].changePairings(func() error {
			now, err := w.nodes[0].store.Pairing(p.ID())
			if err != nil {
				return err
			}
			now.Ours = ending
			return w.nodes[0].store.SavePairing(now)
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute + strangerTime + 2*pairTick)
		for range 100 {
			if time.Sleep(200 * time.Millisecond); inside() {
				t.Fatal("a stranger is connected after the invitation ended")
			}
		}
		w.nodes[0].pairs.tried = map[protocol.PairNonce]time.Time{}
		if _, err := w.nodes[0].knocked(&good, w.peerID(2)); !errors.Is(err, ErrEnded) {
			t.Errorf("an ended invitation: %v", err)
		}
	})
}

// TestNoMessageMakesAMember throws every message that a pairing or a member's card can make at a node, in random order, and
// holds that nobody's standing ever rises (invariant 9).
func TestNoMessageMakesAMember(t *testing.T) {
	w := newStrangers(t, 5, nil)
	defer w.close()
	n := w.nodes[0]
	// 1 is active, 2 suspended, 3 removed, 4 a stranger.
	for i := 1; i <= 3; i++ {
		if err := n.AddMember(w.nodes[i].Card()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(n.SuspendMember(w.nodes[2].Origin(), false, "key"), n.RemoveMember(w.nodes[3].Origin())); err != nil {
		t.Fatal(err)
	}
	invites := []*Pairing{w.invite(0), w.invite(0), w.acceptAt(0, w.invite(3).Text(nil)), w.acceptAt(0, w.invite(4).Text(w.nodes[4].Card()))}
	ids := make([]peer.ID, len(w.nodes))
	for i, node := range w.nodes {
		ids[i], _ = peerOf(node.Card())
	}
	rng := rand.New(rand.NewPCG(1, 2))
	vouch := func(by, of int, v protocol.View) []byte {
		node, seq := w.nodes[by], rng.Uint64N(50)+1
		h := protocol.Header{Origin: node.Origin(), Epoch: 1, Seq: seq, Case: protocol.StanceID(w.nodes[of].Origin()), Rev: 1, At: time.Now()}
		r, err := protocol.Sign(node.key, protocol.Entry{Header: h, Stance: &protocol.Stance{Member: w.nodes[of].Origin(), View: v, Since: h.At.UnixMilli()}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	want := []protocol.Standing{protocol.Own, protocol.Active, protocol.Suspended, protocol.Removed, ""}
	for step := range 400 {
		i, j := 1+rng.IntN(4), 1+rng.IntN(4)
		p := invites[rng.IntN(len(invites))]
		clear(n.pairs.tried)
		switch rng.IntN(5) {
		case 0:
			n.knocked(&protocol.Knock{Invite: p.ID(), Nonce: protocol.NewPairNonce(), Card: w.nodes[i].Card().Bytes()}, ids[j])
		case 1:
			n.welcomed(p.ID(), &protocol.Welcome{Card: w.nodes[i].Card().Bytes()})
		case 2:
			n.takeCard(w.nodes[i].Card().Bytes())
		case 3:
			if i != j {
				n.accept(vouch(i, j, []protocol.View{protocol.Vouches, protocol.Withdrawn}[rng.IntN(2)]))
			}
		case 4:
			head, err := w.nodes[i].signHead()
			if err != nil {
				t.Fatal(err)
			}
			n.takeHead(head.Bytes())
		}
		for k := range w.nodes {
			if got := w.standing(0, k); got != want[k] {
				t.Fatalf("after step %d member %d is %q, was %q", step, k, got, want[k])
			}
		}
	}
	filled := 0
	for _, p := range invites[:2] {
		if w.pairing(0, p.ID()).Card != nil {
			filled++
		}
	}
	if filled != 2 {
		t.Errorf("%d of 2 invitations were come on: the messages did not reach what they aim at", filled)
	}
}

// FuzzKnock holds that no bytes for a card make anybody a member or the node fall over.
func FuzzKnock(f *testing.F) {
	w := newStrangers(f, 2, nil)
	f.Cleanup(w.close)
	n, other := w.nodes[0], w.nodes[1]
	id, _ := peerOf(other.Card())
	f.Add(other.Card().Bytes(), []byte{1})
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, card, nonce []byte) {
		p, err := n.Invite()
		if err != nil {
			t.Fatal(err)
		}
		k := &protocol.Knock{Invite: p.ID(), Nonce: protocol.PairNonce{1}, Card: card}
		copy(k.Nonce[:], nonce)
		_, err = n.knocked(k, id)
		if genuine := slices.Equal(card, other.Card().Bytes()) && k.Nonce != p.ID(); (err == nil) != genuine {
			t.Errorf("knock: %v", err)
		}
		if all, err := n.store.Members(); err != nil || len(all) != 1 {
			t.Fatalf("%d members, %v", len(all), err)
		}
		if err := n.RefusePairing(p.ID()); err != nil {
			t.Fatal(err)
		}
	})
}
