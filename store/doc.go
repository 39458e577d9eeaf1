// Package store keeps what a node knows: one bbolt file, gmcn.db, and a folder of photo files beside it.
//
// It guarantees:
//
//   - What a call stored is on the disk when the call returns: one transaction a change, one fsync, and whoever is killed
//     at any point finds the file whole, with every change that had returned.
//   - A case that was taken down stays down. The takedown removes the case's record, index rows, draft and references to
//     photos in the transaction that stores it, its photo files right after, and no later record of that case is taken,
//     whatever its epoch, revision or time. A removal of files that a crash cut short is finished by Open.
//   - Of a case the newest revision is kept, in the order of (epoch, revision), never of time.
//   - Records are taken from members only, and only the calls SetMember, Suspend and RenewCard change who
//     they are. Of suspended members nothing but takedowns is taken.
//   - Public reaches nothing but what protocol.Shows allows at this moment, and of that only the public tier.
//
// It never verifies a signature (whoever holds a *protocol.Record holds a verified one), signs, or uses the network.
// All methods may be called at once from many goroutines.
//
// # The buckets of gmcn.db
//
// Numbers are big-endian, so that keys stand in order. A place is a log key: u32 number of the origin in this store, u64
// epoch, u64 sequence number. A digest is the SHA-256 inside a CID.
//
//	meta      "schema"       -> u32, the version of this page
//	          "own"          -> 32 bytes, the origin whose store this is
//	          "instance"     -> 16 random bytes, drawn when the store was made
//	          "shown"        -> i64 ms, the latest Until of the heads that we have signed
//	origins   origin         -> u32 number, u64 live cases, u64 cases taken down
//	members   origin         -> u8 standing (o, a, s, r), i64 since in ms, signed card
//	heads     origin         -> signed head, the newest
//	verified  origin         -> signed head, the newest that the log here has been exactly what it vouches for
//	places    origin         -> u64 epoch, u64 seq: held without a hole up to there
//
//	log       place          -> signed envelope: the newest record of each live case, each stance, each takedown
//	digests   place          -> u8 flag (0 case, 1 takedown, 2 stance), digest of the record
//	blocks    number, epoch, u64 seq/1024 -> u32 count, digest: protocol.BlockOf the digests
//	cases     Ref            -> place, u64 revision, digest of the live record, or of a stance under its own number
//	dead      Ref            -> digest of the takedown, place (seq 0: a fork had taken its place, so it is in no log)
//	gone      Mark           -> digest of the takedown that named it
//	marks     Ref, Mark      -> nothing: own live cases, all records and photo files that they ever had
//
//	photos    digest of the file, u8 by (r record, d draft), Ref or CaseID
//	                         -> u32 size, u16 width, u16 height, u32 number of the origin, u8 1 for a thumbnail
//	doomed    digest         -> nothing: photo files that lost their last reference and may not be off the disk yet
//
//	drafts    CaseID         -> Draft as JSON
//	closed    CaseID         -> Closed as JSON
//	pairings  our nonce      -> Pairing as JSON: under way, and no member yet
//
//	receipts  digest of a takedown of ours, origin, u8 phase (m, s)
//	                         -> u8 1 when it confirms a head of ours, i64 when in ms, signed receipt
//	equals    root           -> signed head of ours that a receipt confirms
//	cards     origin, KeyID  -> signed card, under which a receipt, a takedown of ours or such a head was signed
//
// # The photo files
//
//	photos/<two letters>/<cid>       a whole file; the letters are the last two of the CID but one
//	photos/<two letters>/<cid>.part  the beginning of one, for a transfer to resume
//	photos/<two letters>/.new-*      being written; Open removes it
//
// A file that nothing refers to is kept for an hour: an officer has uploaded it and not saved the draft yet.
//
// # In memory
//
// The members with their heads and the roots of their logs, one small row a live case, from which List answers, and the
// stances: all are read at Open and changed in the call that changes the file.
package store
