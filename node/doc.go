// Package node is one member on the network: it publishes, accepts, gossips, pulls, and fetches photos.
//
// It is the only package that signs and the only one that imports libp2p. What it guarantees:
//
//   - One door in. Every record that comes from outside, by gossip or by pull, enters through accept, which judges it by
//     the rules of package protocol and stores it. Our own are signed inside the transaction that stores them. Gossip
//     passes on only what is stored: forwarded implies on disk.
//   - No number of our log is used twice. A node that starts first hears from other members how far its log goes, pulls back
//     what it lacks, and writes nothing while it may not be the only one that does.
//   - Disk first, network second. A case that Publish returned is in the store and on the own site, whether or not any
//     peer could be reached.
//   - Gossip only makes things fast. A pull on every connection, on every gap and about once a minute makes them
//     complete; with gossip switched off everything still arrives.
//   - What is pulled is held against what its owner signed. A log that is not what its owner's head vouches for extends no
//     lease, is compared block by block, and is asked for from one member after another.
//   - Who signs two logs is frozen: the two signatures that contradict each other are kept as a proof and given to every
//     member, and of that epoch only takedowns are taken, of either log.
//   - A takedown of ours is pushed to every member until the member has signed that it swept the case, over restarts too.
//     What a member signs to others is true of the disk at that moment.
//   - Strangers never get a word in. The connection gater admits members only and, while an invitation is open, a few who
//     may knock; every other stream handler looks again; and nothing that arrives by network ever makes anybody a member.
//   - Every goroutine belongs to Run, which waits for it.
//
// The pieces: keys.go makes and loads keys; desk.go is what the country's own staff do; member.go who is accepted,
// pair.go how a country comes to be, stance.go what we say of members and how one is suspended; accept.go the door;
// pull.go, blocks.go and serve.go both sides of a pull; doubt.go logs that are not what was signed, fork.go those of which
// two were signed, repair.go how they become one again; shred.go members fallen silent; mesh.go the libp2p host;
// gossip.go, hello.go, blob.go and takedown.go what travels; head.go our own signed head, extend.go that of a member whose
// delegate we are; rotate.go a new node key; gate.go, wish.go and twin.go whether we may write, what waits for it, and two
// servers with one key; board.go who has confirmed which takedown; supervise.go who is dialled, reach.go how members meet
// that nobody can dial, punch.go how they then do without the relay, and portmap.go how a router is asked to let them in;
// limits.go and budget.go what all may cost.
package node
