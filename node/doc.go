// Package node is one member on the network: it publishes, accepts, gossips, pulls, and fetches photos.
//
// It is the only package that signs and the only one that imports libp2p. What it guarantees:
//
//   - One door in. Every record that comes from outside, by gossip or by pull, enters through accept, which judges it by
//     the rules of package protocol and stores it. Our own are signed inside the transaction that stores them. Gossip
//     passes on only what is stored: forwarded implies on disk.
//   - Disk first, network second. A case that Publish returned is in the store and on the own site, whether or not any
//     peer could be reached.
//   - Gossip only makes things fast. A pull on every connection, on every gap and about once a minute makes them
//     complete; with gossip switched off everything still arrives.
//   - Strangers never get a word in. The connection gater admits members only and, while an invitation is open, a few who
//     may knock; every other stream handler looks again; and nothing that arrives by network ever makes anybody a member.
//   - Every goroutine belongs to Run, which waits for it.
//
// The pieces: keys.go makes and loads keys; desk.go is what the country's own staff do; member.go who is accepted,
// pair.go how a country comes to be, stance.go what we say of members and how one is suspended;
// accept.go the door; mesh.go the libp2p host; gossip.go, hello.go, pull.go and blob.go what travels; head.go our own
// signed head; supervise.go who is dialled.
package node
