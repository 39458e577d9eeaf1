package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p-pubsub/timecache"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2p "github.com/libp2p/go-libp2p/core/protocol"

	"github.com/gmcn/gmcn/protocol"
)

// The topics. Takedowns have their own, so that no burst of cases can stand in their way.
const (
	recordTopic   = "/gmcn/1/records"
	takedownTopic = "/gmcn/1/takedown"
	headTopic     = "/gmcn/1/heads"
)

const (
	// maxGossip is larger than any record or fork by pubsub's own framing.
	maxGossip = 72 << 10
	// liveRate and liveBurst bound what one node gossips, in records a second. Past them it publishes only heads and
	// everybody pulls: gossip loses messages under load, a pull does not.
	liveRate, liveBurst = 5, 50
	// smallMesh is up to how many members the mesh is kept so thin that lazy repair has somebody left to repair.
	smallMesh = 7
	// headWait gathers the heads that a burst of changes makes into one pull.
	headWait = 2 * time.Second
	// gapWait lets a record that overtook another find it already there.
	gapWait = 500 * time.Millisecond
)

// Scores: members are few, known and quiet, so nothing that counts messages is scored, only proven misbehaviour.
const (
	scoreInvalid   = -20
	scoreBehaviour = -10
	scoreMember    = 20
	scoreGossip    = -40
	scorePublish   = -80
	scoreGraylist  = -160
)

func (m *mesh) joinTopics() error {
	members := len(m.n.origins())
	params := pubsub.DefaultGossipSubParams()
	params.D, params.Dlo, params.Dhi, params.Dout, params.Dscore, params.Dlazy = 6, 4, 9, 2, 4, 8
	params.HistoryLength, params.HistoryGossip, params.GossipFactor = 12, 6, 0.25
	if members <= smallMesh {
		params.D, params.Dlo, params.Dhi, params.Dout, params.Dscore, params.Dlazy = 3, 2, 6, 0, 2, 3
		params.HeartbeatInterval = 700 * time.Millisecond
	}
	if members > 64 {
		params.GossipFactor = 0.1
	}
	topic := &pubsub.TopicScoreParams{SkipAtomicValidation: true, TopicWeight: 1, TimeInMeshQuantum: time.Second,
		InvalidMessageDeliveriesWeight: scoreInvalid, InvalidMessageDeliveriesDecay: pubsub.ScoreParameterDecay(time.Hour)}
	topics := []string{recordTopic, takedownTopic, headTopic}
	scores := &pubsub.PeerScoreParams{SkipAtomicValidation: true, Topics: map[string]*pubsub.TopicScoreParams{},
		AppSpecificWeight: 1, AppSpecificScore: m.standing,
		BehaviourPenaltyWeight: scoreBehaviour, BehaviourPenaltyDecay: pubsub.ScoreParameterDecay(time.Hour),
		DecayInterval: time.Second, DecayToZero: 0.01, RetainScore: time.Hour}
	for _, name := range topics {
		scores.Topics[name] = topic
	}
	ps, err := pubsub.NewGossipSub(m.ctx, gossipHost{m.host, &m.n.metrics.traffic},
		pubsub.WithGossipSubParams(params),
		pubsub.WithPeerScore(scores, &pubsub.PeerScoreThresholds{SkipAtomicValidation: true,
			GossipThreshold: scoreGossip, PublishThreshold: scorePublish, GraylistThreshold: scoreGraylist}),
		pubsub.WithFloodPublish(true),
		pubsub.WithPeerExchange(false),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign),
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithMaxMessageSize(maxGossip),
		pubsub.WithAppSpecificRpcInspector(m.trim),
		pubsub.WithPeerOutboundQueueSize(256),
		pubsub.WithValidateQueueSize(256),
		pubsub.WithSeenMessagesTTL(10*time.Minute),
		pubsub.WithSeenMessagesStrategy(timecache.Strategy_LastSeen),
		pubsub.WithBlacklist(strangers{m.n, m.host.ID()}),
		pubsub.WithPeerFilter(func(id peer.ID, _ string) bool { return m.n.admits(id) }),
		pubsub.WithSubscriptionFilter(pubsub.NewAllowlistSubscriptionFilter(topics...)),
	)
	if err != nil {
		return fmt.Errorf("join network: %w", err)
	}
	for name, validator := range map[string]pubsub.ValidatorEx{
		recordTopic:   m.onRecord(protocol.TypeCase),
		takedownTopic: m.onRecord(protocol.TypeTakedown),
		headTopic:     m.onHead,
	} {
		if err := ps.RegisterTopicValidator(name, validator); err != nil {
			return fmt.Errorf("join topic %s: %w", name, err)
		}
		t, err := ps.Join(name)
		if err != nil {
			return fmt.Errorf("join topic %s: %w", name, err)
		}
		// The validator does the work, so nothing is read from a subscription, whose buffer could overflow: relaying
		// alone keeps us in the mesh.
		if _, err := t.Relay(); err != nil {
			return fmt.Errorf("join topic %s: %w", name, err)
		}
		m.topics[name] = t
	}
	return nil
}

const (
	// mendMost is the longest wait before gossip with a member is begun anew once more, mendTries how often before its
	// connections are given up.
	mendMost, mendTries = 10 * time.Minute, 3
)

// mending is a member that pubsub has forgotten.
type mending struct {
	looks, tries int
	next         time.Time
}

// mendGossip begins gossip anew with members that pubsub has forgotten. It forgets to which topics a member has subscribed
// when one of two links to it ends at the one end after gossip has begun anew at the other, and is never told again.
func (m *mesh) mendGossip(forgotten map[peer.ID]*mending) {
	t := m.topics[recordTopic]
	if t == nil {
		return
	}
	heard := map[peer.ID]bool{}
	for _, id := range t.ListPeers() {
		heard[id] = true
	}
	now := time.Now()
	for id := range forgotten {
		if m.host.Network().Connectedness(id) != network.Connected || heard[id] && now.After(forgotten[id].next) {
			delete(forgotten, id)
		}
	}
	for _, id := range m.members() {
		if heard[id] || !m.gossips(id) {
			continue
		}
		f := forgotten[id]
		if f == nil {
			f = &mending{}
			forgotten[id] = f
		}
		if f.looks++; f.looks < 2 || now.Before(f.next) {
			continue
		}
		f.tries++
		f.next = now.Add(min(linkEvery<<f.tries, mendMost))
		if f.tries > mendTries {
			m.n.log.Info("gossip with a member does not come about; its connections are made anew", "peer", id.String())
			m.background(func() { m.host.Network().ClosePeer(id) })
			continue
		}
		for _, c := range m.host.Network().ConnsToPeer(id) {
			for _, s := range c.GetStreams() {
				if strings.HasPrefix(string(s.Protocol()), gossipPrefix) {
					s.Reset()
				}
			}
		}
		m.background(func() { m.greet(id) }) // what was missed comes by a pull
	}
}

// gossipPrefix begins the names of all versions of gossipsub.
const gossipPrefix = "/meshsub/"

// gossips says whether a member's node takes part in gossip.
func (m *mesh) gossips(id peer.ID) bool {
	has, err := m.host.Peerstore().GetProtocols(id)
	return err == nil && slices.ContainsFunc(has, func(p libp2p.ID) bool { return strings.HasPrefix(string(p), gossipPrefix) })
}

// strangers is pubsub's blacklist: whoever is not a member now. It remembers nothing, so a member added again is heard
// again.
type strangers struct {
	n    *Node
	self peer.ID
}

// Add says that nothing was added: membership decides.
func (s strangers) Add(peer.ID) bool { return false }

// Contains says whether a peer is to be ignored. The empty identity is the author of every message: nobody signs there.
func (s strangers) Contains(id peer.ID) bool {
	return id != "" && id != s.self && !s.n.admits(id)
}

// messageID is the digest inside the CID of the envelope that is the message. It covers our own signature, so that a
// spoilt copy sent first cannot pass for the true one.
func messageID(msg *pb.Message) string {
	sum := sha256.Sum256(msg.Data)
	return string(sum[:])
}

// standing is the score that a peer has for who it is.
func (m *mesh) standing(id peer.ID) float64 {
	if m.n.admits(id) {
		return scoreMember - m.blamed(id)
	}
	return scoreGraylist * 2
}

// onRecord takes a record by gossip, takedowns on their own topic, where cards and proofs of forks come too: on disk first,
// then it is passed on.
func (m *mesh) onRecord(want protocol.Type) pubsub.ValidatorEx {
	return func(ctx context.Context, from peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
		if from == m.host.ID() {
			return pubsub.ValidationAccept // Publish stored it
		}
		m.n.heard(from)
		switch {
		case want == protocol.TypeTakedown && protocol.IsFork(msg.Data):
			_, pass, err := m.n.takeFork(msg.Data)
			if err == nil && !pass {
				err = protocol.ErrClosed
			}
			return m.answer(err, from)
		case want == protocol.TypeTakedown && protocol.IsCard(msg.Data):
			_, err := m.n.takeCard(msg.Data)
			return m.answer(err, from)
		}
		got := m.n.accept(msg.Data)[0]
		if got.err == nil {
			m.closeGap(got.claim.Header(), from)
			if (got.claim.Type() == protocol.TypeTakedown) != (want == protocol.TypeTakedown) {
				got.err = errTopic
			} else if want != protocol.TypeTakedown && !m.n.budget(got.claim.Header().Origin).pass.Allow() {
				got.err = errBudget
			}
		}
		return m.answer(got.err, from)
	}
}

// errTopic is a genuine record on another topic than its own: kept, not passed on.
var errTopic = errors.New("record on the wrong topic")

// closeGap pulls from a peer when its record shows that we lack some before it.
func (m *mesh) closeGap(h protocol.Header, from peer.ID) {
	place, err := m.n.store.Place(h.Origin)
	if err == nil && !m.n.frozen(h.Origin) && place.Epoch == h.Epoch && place.Seq < h.Seq {
		m.n.pullSoon(from, gapWait)
	}
}

// onHead takes another member's head by gossip, or what its delegate says of it.
func (m *mesh) onHead(ctx context.Context, from peer.ID, msg *pubsub.Message) pubsub.ValidationResult {
	if from == m.host.ID() {
		return pubsub.ValidationAccept
	}
	m.n.heard(from)
	if protocol.IsExtension(msg.Data) {
		_, err := m.n.takeExtension(msg.Data)
		if errors.Is(err, protocol.ErrUnverified) || errors.Is(err, protocol.ErrStale) { // one of us has a newer head
			m.n.pullSoon(from, headWait)
		}
		return m.answer(err, from)
	}
	head, err := m.n.takeHead(msg.Data)
	if err == nil {
		if !m.n.verified(head.Origin, head) {
			m.n.pullSoon(from, headWait)
		}
	}
	return m.answer(err, from)
}

func (m *mesh) answer(err error, from peer.ID) pubsub.ValidationResult {
	switch protocol.VerdictOf(err) {
	case protocol.Accept:
		return pubsub.ValidationAccept
	case protocol.Reject:
		m.n.log.Warn("rejected a message", "peer", from.String(), "error", err)
		return pubsub.ValidationReject
	}
	return pubsub.ValidationIgnore
}

// announce gossips a record of ours that is on disk.
func (m *mesh) announce(r *protocol.Record) {
	topic := recordTopic
	if r.Type() == protocol.TypeTakedown {
		topic = takedownTopic
	} else if !m.n.live.Allow() {
		return // the head tells them to pull
	}
	m.gossip(topic, r.Bytes(), "record", r)
}

// gossip sends something signed to all that listen to a topic, unless gossip is off. Whoever does not get it will pull it.
func (m *mesh) gossip(topic string, signed []byte, facts ...any) {
	t, ok := m.topics[topic]
	if !ok {
		return
	}
	if err := t.Publish(m.ctx, signed); err != nil {
		m.n.log.Warn("gossiping; members will pull it", append(facts, "error", err)...)
	}
}

// tell gossips beside what goes on, if the node is on the network.
func (n *Node) tell(topic string, signed []byte, facts ...any) {
	if m := n.mesh.Load(); m != nil {
		m.background(func() { m.gossip(topic, signed, facts...) })
	}
}
