// Package protocol holds the words and the law of the network, gmcn/1.
//
// A member publishes a case as a Record: a deterministic CBOR payload inside an untagged COSE_Sign1 envelope, signed by
// the member's node key, named by the CIDv1 of the whole envelope. The node key is certified by the member's Card, which
// the member's root key signs; the SHA-256 of the root public key is the member's Origin, its name for ever. A Head is a
// member's signed statement of how far its log goes and what is live in it. Whoever holds a Card and this package can
// verify everything that a member ever said, without asking anybody.
//
// What it guarantees:
//
//   - Only Sign, Open, Vouched.Open and Reopen make a Record. Sign and Open verify its signature. Vouched.Open takes a whole
//     block whose digest is one of those under a signed head's root: the owner's one signature vouches for all of it.
//     Reopen is for bytes that this node verified before it wrote them to its own disk. So a Record in your hand is
//     genuine and within the limits.
//   - A Record keeps the exact bytes that were signed. Nothing that was signed is ever encoded again.
//   - Every decoder takes hostile bytes: it bounds its work by limits.go before it spends memory, and refuses whatever is
//     not the one canonical form, so two spellings of one record cannot exist.
//   - What the public may see, what members may see and what never leaves the country are three types: Case, Members and
//     Local. Local refuses to be encoded for the wire.
//
// What it never does: read a clock (now is a parameter), the disk or the network, start a goroutine, or log.
//
// The bytes are also strict DAG-CBOR, so that any IPLD library reads them, and the signatures are plain RFC 9052, so
// that any COSE library checks them. docs/protocol.md has the rules by number; testdata has vectors for other languages.
package protocol
