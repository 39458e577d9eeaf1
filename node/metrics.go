package node

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/gmcn/gmcn/protocol"
)

// Metrics is what a node tells Prometheus: counters of what happened since the start, and what it holds at the moment of
// asking. Labels name members, protocols and verdicts, never a case or a person.
type Metrics struct {
	n       *Node
	records *prometheus.CounterVec // by verdict
	pulls   *prometheus.CounterVec // by outcome
	traffic traffic
}

func newMetrics(n *Node) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "gmcn", Name: name, Help: help}, labels)
	}
	return &Metrics{
		n:       n,
		records: counter("records_total", "Records that came from other members, by what was made of them.", "verdict"),
		pulls:   counter("pulls_total", "Pulls from other members.", "outcome"),
		traffic: traffic{all: counter("bytes_total", "Bytes over the streams of our protocols.", "protocol", "direction")},
	}
}

// Metrics returns what the node tells Prometheus, for a registry.
func (n *Node) Metrics() *Metrics { return n.metrics }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gmcn_"+name, help, labels, nil)
}

var (
	descMembers   = describe("members", "Active members, ourselves left out.")
	descConnected = describe("members_connected", "Active members that are connected.")
	descLag       = describe("lag_records", "How many places a member's newest head is ahead of what we hold without a hole.", "member", "country")
	descLease     = describe("lease_seconds", "For how long a member's cases may be shown here unless it is heard again; below 0 they are hidden.", "member", "country")
	descLive      = describe("live_cases", "Cases held of a member.", "member", "country")
	descDead      = describe("closed_cases", "Cases of a member that were taken down.", "member", "country")
	descMissing   = describe("photos_missing", "Photo files of a member's cases that are not here.", "member", "country")
	descPhotos    = describe("photo_bytes", "Bytes of a member's photos kept here, counted once an hour and at each fetch.", "member", "country")
	descAlarms    = describe("alarms", "Alarms that are on.", "kind")
	descSkew      = describe("clock_skew_seconds", "How far the members' clocks are ahead of ours: the median.")
	descCard      = describe("card_seconds", "Until our own card ends.")
	descGate      = describe("publishing", "1 while the node may write in its log, 0 while what is decided waits.")
	descWaiting   = describe("waiting", "Decisions that wait to be signed.")
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	m.records.Describe(out)
	m.pulls.Describe(out)
	m.traffic.all.Describe(out)
	for _, d := range []*prometheus.Desc{descMembers, descConnected, descLag, descLease, descLive, descDead, descMissing,
		descPhotos, descAlarms, descSkew, descCard, descGate, descWaiting} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out and logged.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	m.records.Collect(out)
	m.pulls.Collect(out)
	m.traffic.all.Collect(out)
	now := m.n.now()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	peers, err := m.n.Peers()
	if err != nil {
		m.n.log.Error("collecting metrics", "error", err)
		return
	}
	active, connected := 0, 0
	for _, p := range peers {
		member, country := p.Member.Card.Origin().Fingerprint(), p.Member.Card.Country
		if p.Member.Standing == protocol.Active {
			active++
			if p.Connected {
				connected++
			}
			gauge(descLag, float64(p.Lag()), member, country)
			if p.Verified != nil {
				gauge(descLease, p.Lease.Sub(now).Seconds(), member, country)
			}
		}
		gauge(descLive, float64(p.Live), member, country)
		gauge(descDead, float64(p.Dead), member, country)
		gauge(descMissing, float64(p.PhotosMissing), member, country)
		gauge(descPhotos, float64(p.PhotoBytes), member, country)
	}
	gauge(descMembers, float64(active))
	gauge(descConnected, float64(connected))
	kinds := map[AlarmKind]int{}
	for _, a := range m.n.Alarms() {
		kinds[a.Kind]++
	}
	for kind, count := range kinds {
		gauge(descAlarms, float64(count), string(kind))
	}
	if g, err := m.n.Gate(); err == nil {
		open := 0.0
		if g.Open() {
			open = 1
		}
		gauge(descGate, open)
		gauge(descWaiting, float64(g.Waiting))
	}
	gauge(descSkew, m.n.Clock().Behind.Seconds())
	gauge(descCard, m.n.Card().NotAfter.Sub(now).Seconds())
}
