package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// entry is a valid record of node i's member at a place of its log, for a liar to change.
func (w *world) entry(i int, seq uint64) protocol.Entry {
	d := testDraft(randomName(), "XA")
	now := time.Now()
	return protocol.Entry{
		Header: protocol.Header{Origin: w.nodes[i].Origin(), Epoch: 1, Seq: seq, Case: protocol.NewCaseID(), Rev: 1,
			At: now, ReviewBy: now.Add(protocol.ReviewAfter)},
		Case: &d.Case,
	}
}

func (w *world) sign(i int, e protocol.Entry) *protocol.Record {
	w.t.Helper()
	r, err := protocol.Sign(w.nodes[i].key, e)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestVerdicts(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(5 * time.Second) // all heads are everywhere
		const liar, victim = 0, 1
		m := w.nodes[victim].mesh.Load()
		judge := func(topic string, raw []byte) pubsub.ValidationResult {
			validators := map[string]pubsub.ValidatorEx{recordTopic: m.onRecord(protocol.TypeCase), takedownTopic: m.onRecord(protocol.TypeTakedown), headTopic: m.onHead}
			return validators[topic](context.Background(), w.peerID(liar), &pubsub.Message{Message: &pb.Message{Data: raw}})
		}
		good := w.sign(liar, w.entry(liar, 1))
		flipped := bytes.Clone(good.Bytes())
		flipped[len(flipped)-1] ^= 1
		forged := w.entry(2, 1) // in another member's name
		future := w.entry(liar, 9)
		future.At = time.Now().Add(time.Hour)
		future.ReviewBy = future.At.Add(protocol.ReviewAfter)
		stranger := w.entry(liar, 1)
		stranger.Origin = protocol.Origin{7}
		unknown := bytes.Replace(good.Bytes(), []byte("dcase"), []byte("dnote"), 1)
		stretched := bytes.Clone(good.Bytes())
		stretched = append(stretched, 0)
		head, err := w.nodes[liar].store.Head(w.nodes[liar].Origin())
		if err != nil {
			t.Fatal(err)
		}
		badHead := bytes.Clone(head.Bytes())
		badHead[len(badHead)-1] ^= 1

		const accept, ignore, reject = pubsub.ValidationAccept, pubsub.ValidationIgnore, pubsub.ValidationReject
		for _, c := range []struct {
			name, topic string
			raw         []byte
			want        pubsub.ValidationResult
		}{
			{"bad signature", recordTopic, flipped, reject},
			{"another member's name", recordTopic, w.sign(liar, forged).Bytes(), ignore},
			{"a member that we do not know", recordTopic, w.sign(liar, stranger).Bytes(), ignore},
			{"a type that we do not know", recordTopic, unknown, ignore},
			{"oversized", recordTopic, append(bytes.Clone(good.Bytes()), make([]byte, protocol.MaxEnvelope)...), reject},
			{"not canonical", recordTopic, stretched, reject},
			{"nothing", recordTopic, nil, reject},
			{"from the future", recordTopic, w.sign(liar, future).Bytes(), ignore},
			{"genuine", recordTopic, good.Bytes(), accept},
			{"replayed", recordTopic, good.Bytes(), ignore},
			{"a second record in the same place", recordTopic, w.sign(liar, w.entry(liar, 1)).Bytes(), ignore},
			{"a head that is spoilt", headTopic, badHead, reject},
			{"a head that we have", headTopic, head.Bytes(), ignore},
			{"a record among heads", headTopic, good.Bytes(), ignore},
		} {
			if got := judge(c.topic, c.raw); got != c.want {
				t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
			}
		}
		if !w.shows(victim, good) {
			t.Error("the genuine record is not shown")
		}
	})
}

// TestTheClosedDoNotReturn replays every record of a case after its takedown, in every way in.
func TestTheClosedDoNotReturn(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		first := w.publish(0, randomName())
		second, err := w.nodes[0].Publish(first.Header().Case)
		if err != nil {
			t.Fatal(err)
		}
		closed, err := w.nodes[0].CloseCase(first.Header().Case, "returned")
		if err != nil {
			t.Fatal(err)
		}
		w.until(2*time.Second, "gone everywhere", w.everywhere(w.gone, closed))
		for _, n := range w.nodes {
			for _, r := range []*protocol.Record{first, second} {
				if got := n.accept(r.Bytes())[0].err; !errors.Is(got, protocol.ErrClosed) {
					t.Errorf("a replayed record: %v, want it refused as closed", got)
				}
				if got := n.accept(r.Bytes(), r.Bytes())[1].err; !errors.Is(got, protocol.ErrClosed) {
					t.Errorf("a replayed batch: %v, want it refused as closed", got)
				}
			}
		}
		if _, err := w.nodes[0].Publish(first.Header().Case); err == nil {
			t.Error("a closed case was published again")
		}
		if !w.everywhere(w.gone, closed)() {
			t.Error("the closed case is back")
		}
	})
}

// TestRelayingTheUnknownIsNoOffence lets node 1, which knows a member that node 2 does not, relay much of it.
func TestRelayingTheUnknownIsNoOffence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		// Node 0 is unknown to node 2, and the other way round.
		if err := w.nodes[2].RemoveMember(w.nodes[0].Origin()); err != nil {
			t.Fatal(err)
		}
		if err := w.nodes[0].RemoveMember(w.nodes[2].Origin()); err != nil {
			t.Fatal(err)
		}
		w.run()
		time.Sleep(10 * time.Second)
		for range 20 {
			w.publish(0, randomName())
			time.Sleep(time.Second)
		}
		r := w.publish(1, randomName())
		w.until(2*time.Second, "node 2 still hears node 1 at once", func() bool { return w.shows(2, r) })
		if state, err := w.nodes[2].store.LogState(w.nodes[0].Origin()); err == nil && state.Live > 0 {
			t.Error("node 2 took records of a member that it removed")
		}
	})
}

// TestFutureRecordsComeWhenTheirTimeComes: held back, not lost.
func TestFutureRecordsComeWhenTheirTimeComes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		n := w.nodes[0] // its clock is an hour ahead, as its records show
		id := protocol.NewCaseID()
		r, err := n.store.Append(id, 1, func(h protocol.Header) (*protocol.Record, error) {
			h.At = time.Now().Add(time.Hour)
			h.ReviewBy = h.At.Add(protocol.ReviewAfter)
			d := testDraft("early", "XA")
			return protocol.Sign(n.key, protocol.Entry{Header: h, Case: &d.Case})
		})
		if err != nil {
			t.Fatal(err)
		}
		w.startAll()
		time.Sleep(10 * time.Minute)
		if w.shows(1, r) || w.shows(2, r) {
			t.Error("a record from the future is shown")
		}
		time.Sleep(time.Hour)
		if !w.shows(1, r) || !w.shows(2, r) {
			t.Error("a record whose time has come is not shown")
		}
	})
}

// TestOmissionIsRepaired: a relay claims to have given a whole log and kept its end back, a takedown; what the owner
// signed says otherwise, and the next honest pull brings it.
func TestOmissionIsRepaired(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, func(_ int, cfg *Config) { cfg.noGossip = true })
		defer w.close()
		const owner, victim = 0, 2
		// The victim cannot reach the owner: everything comes through node 1.
		w.setCut(func(a, b int) bool { return a == owner && b == victim || a == victim && b == owner })
		w.run()
		r := w.publish(owner, randomName())
		w.until(5*time.Minute, "the case came through the relay", func() bool { return w.shows(victim, r) })

		relay := w.nodes[1].mesh.Load()
		lying := true
		relay.serve(syncProtocol, func(s network.Stream, id peer.ID) error {
			if !lying || id != w.peerID(victim) {
				return relay.serveSync(s, id)
			}
			f := frames(s)
			ask, err := f.read()
			if err != nil {
				return err
			}
			for _, p := range ask.Have.Logs {
				head, err := w.nodes[1].store.Head(p.Origin)
				if err != nil {
					continue
				}
				err = errors.Join(f.write(protocol.Frame{Head: head.Bytes()}),
					f.write(protocol.Frame{Done: &protocol.Done{Origin: p.Origin, Epoch: head.Epoch, From: p.Seq, To: max(p.Seq, head.Seq)}}))
				if err != nil {
					return err
				}
			}
			return f.send(protocol.Frame{End: &protocol.End{}})
		})
		closed, err := w.nodes[owner].CloseCase(r.Header().Case, "returned")
		if err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "the relay has the takedown", func() bool { return w.gone(1, closed) })
		time.Sleep(10 * time.Minute)
		if w.gone(victim, closed) {
			t.Fatal("the relay did not keep it back: the test shows nothing")
		}
		lying = false
		w.until(30*time.Minute, "the takedown came after all", func() bool { return w.gone(victim, closed) })
	})
}

func TestStrangersAreNotAdmitted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		if err := w.nodes[0].RemoveMember(w.nodes[2].Origin()); err != nil {
			t.Fatal(err)
		}
		w.run()
		time.Sleep(2 * time.Minute) // node 2 keeps dialling node 0
		if m := w.nodes[0].mesh.Load(); len(m.host.Network().ConnsToPeer(w.peerID(2))) != 0 {
			t.Error("a removed member is connected")
		}
		if m := w.nodes[0].mesh.Load(); len(m.host.Network().ConnsToPeer(w.peerID(1))) == 0 {
			t.Error("a member is not connected")
		}
	})
}

func TestRemovingAMember(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publish(2, randomName())
		w.until(2*time.Second, "everywhere", w.everywhere(w.shows, r))
		card := w.nodes[2].Card()
		if err := w.nodes[0].RemoveMember(card.Origin()); err != nil {
			t.Fatal(err)
		}
		if w.shows(0, r) {
			t.Error("a removed member's case is shown")
		}
		time.Sleep(10 * time.Minute)
		if w.shows(0, r) {
			t.Error("a removed member's case came back")
		}
		if _, err := w.nodes[0].takeCard(card.Bytes()); !errors.Is(err, protocol.ErrOrigin) {
			t.Errorf("its card by network: %v", err)
		}
		if _, ok := w.nodes[0].active(card.Origin()); ok {
			t.Error("a card from the network brought a removed member back")
		}
		// Only a person brings it back, and then everything comes, by gossip too.
		if err := w.nodes[0].AddMember(card); err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "its case is back", func() bool { return w.shows(0, r) })
		time.Sleep(2 * time.Minute)
		next := w.publish(2, randomName())
		w.until(2*time.Second, "its next case comes at once", func() bool { return w.shows(0, next) })
	})
}

func TestLeaseEndsTheShow(t *testing.T) {
	inWorld(t, 2, func(_ int, cfg *Config) { cfg.Lease = protocol.MinLease }, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publish(0, randomName())
		w.until(2*time.Second, "everywhere", w.everywhere(w.shows, r))
		time.Sleep(48 * time.Hour)
		if !w.shows(1, r) {
			t.Fatal("the lease was not renewed while both ran")
		}
		w.stops[0]()
		time.Sleep(23 * time.Hour)
		if !w.shows(1, r) {
			t.Error("hidden before the lease ended")
		}
		time.Sleep(2 * time.Hour)
		if w.shows(1, r) {
			t.Error("shown after the lease ended")
		}
		if !w.shows(0, r) {
			t.Error("the owner's own site does not depend on a lease")
		}
	})
}

func TestEndedCardCertifiesNothing(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(5 * time.Second)
		early := w.publish(0, randomName())
		w.until(2*time.Second, "everywhere", w.everywhere(w.shows, early))
		for i := range w.nodes {
			w.stops[i]()
		}
		time.Sleep(cardLife)
		w.run()
		late := w.publish(0, randomName())
		time.Sleep(10 * time.Minute)
		if w.shows(1, late) {
			t.Error("a record under a card that has ended is shown")
		}
		if _, err := w.nodes[0].RenewCard(testDetails(0), "correct horse"); err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "shown after the card was renewed", func() bool { return w.shows(1, late) })
	})
}

func TestRenewedCardTravels(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		d := testDetails(0)
		d.Hotlines[0].Number = "116 111"
		if _, err := w.nodes[0].RenewCard(d, "wrong"); err == nil {
			t.Error("a wrong passphrase signed a card")
		}
		if _, err := w.nodes[0].RenewCard(d, "correct horse"); err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "the new number is known everywhere", func() bool {
			for _, n := range w.nodes {
				if c, err := n.Public().Card(w.nodes[0].Origin()); err != nil || c.Hotlines[0].Number != "116 111" {
					return false
				}
			}
			return true
		})
	})
}

// TestRestoredBackup puts a data folder back that is older than what was published: the cases come back from the other
// members, with their drafts, so that one that has been found in between can be closed.
func TestRestoredBackup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		backup := filepath.Join(t.TempDir(), "backup")
		dir := w.nodes[0].cfg.Dir
		reopen := func() {
			var err error
			if w.nodes[0], err = Open(w.nodes[0].cfg); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.nodes[0].Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		reopen()
		w.startAll()
		time.Sleep(3 * time.Second)
		r := w.publish(0, randomName())
		w.until(2*time.Second, "everywhere", w.everywhere(w.shows, r))

		w.stops[0]()
		if err := errors.Join(w.nodes[0].Close(), os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(backup))); err != nil {
			t.Fatal(err)
		}
		reopen()
		if w.shows(0, r) {
			t.Fatal("the backup has the case: the test shows nothing")
		}
		w.start(0)
		w.until(5*time.Minute, "the case is back on our own site", func() bool { return w.shows(0, r) })
		d, err := w.nodes[0].Draft(r.Header().Case)
		if err != nil || d.PublishedRev != r.Header().Rev || d.Case.Number != r.Case().Number {
			t.Fatalf("on the desk: %+v, %v", d, err)
		}
		w.writes(0)
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "gone everywhere", w.everywhere(w.gone, closed))
	})
}

func TestDeskTellsWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, err := Init(dir, testDetails(0), Secret{Passphrase: "p", Work: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(dir, testDetails(0), Secret{Passphrase: "p", Work: 1}); err == nil {
		t.Error("a second Init overwrote a node")
	}
	n, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	d := &store.Draft{Local: protocol.Local{Notes: "n"}}
	d.Case.Companions = []protocol.Companion{{Relation: "mother", Sex: "female"}}
	if err := n.SaveDraft(d); err != nil {
		t.Fatalf("a draft with mistakes is not kept: %v", err)
	}
	_, err = n.Publish(d.ID)
	var problems protocol.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%v, want problems", err)
	}
	want := map[string]bool{"number": false, "children": false, "since": false, "from.country": false, "local.legal_basis": false}
	for _, p := range problems {
		if _, ok := want[p.Field]; ok {
			want[p.Field] = true
		}
	}
	for field, found := range want {
		if !found {
			t.Errorf("nothing is said of %s in %v", field, problems)
		}
	}
	if _, err := n.CloseCase(d.ID, "returned"); err == nil {
		t.Error("a draft that was never public was closed")
	}
	if err := n.AddMember(n.Card()); err == nil {
		t.Error("our own card was added as another member")
	}
	if !n.Card().Key().Equal(n.key.Public().(ed25519.PublicKey)) {
		t.Error("card and key do not belong together")
	}
}
