// Package store keeps what a node knows: one bbolt file, gmcn.db, a file of keys and a folder of photo files beside it.
//
// It guarantees:
//
//   - What a call stored is on the disk when the call returns: one transaction a change, one fsync, and whoever is killed
//     at any point finds the file whole, with every change that had returned.
//   - A case that was taken down stays down. The takedown removes the case's record, index rows, draft and references to
//     photos in the transaction that stores it, and no later record of that case is taken, whatever its epoch, revision or
//     time. Its purge follows at once, see below.
//   - Nothing on the disk tells who a child is to one who has not both key files. What tells it is sealed, each row and
//     each photo file under a key of its own; keys of buckets and names of files are hashes and numbers.
//   - On a full disk, reading goes on and takedowns are stored: a reserve is set aside for them.
//   - Of a case the newest revision is kept, in the order of (epoch, revision), never of time.
//   - A log is one log. Of an origin that signed two nothing but takedowns is taken, and no head, until it has a card of a
//     later epoch; and no record is taken that a verified head of its origin should have counted and did not.
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
//	          "lent"         -> i64 ms, until when our delegate has had our cases shown, as far as we know, i64 ms, when the
//	                            earliest of the heads that it extended was signed, 0 if that is not known; absent before
//	          "met"          -> u8 1: the store has been online with another member; absent before
//	          "fenced"       -> u64, the last epoch in which somebody else wrote our log; absent before
//	          "assigned"     -> u64 epoch, u64 seq: the last number of our log given in this folder; absent before
//	origins   origin         -> u32 number, u64 live cases, u64 cases taken down
//	members   origin         -> u8 standing (o, a, s, r), i64 since in ms, i64 active first in ms, signed card
//	heads     origin         -> signed head, the newest
//	verified  origin         -> signed head, the newest that the log here has been exactly what it vouches for
//	extends   origin         -> signed extension of its newest head, which is verified, by the delegate of its card
//	places    origin         -> u64 epoch, u64 seq: held without a hole up to there
//
//	log       place          -> sealed signed envelope: the newest record of each live case; or u32 0, signed envelope:
//	                            each stance, each takedown
//	digests   place          -> u8 flag (0 case, 1 takedown, 2 stance, 3 ghost), digest of the record
//	blocks    number, epoch, u64 seq/1024 -> u32 count, digest: protocol.BlockOf the digests
//	dead      Ref            -> digest of the takedown, place (seq 0: it is in no log, for a fork had its place or
//	                            its place is void)
//	gone      Mark           -> digest of the takedown that named it first
//	purging   Ref            -> u8 Phase: taken down, and its purge is not finished
//	held      Ref            -> i64 ms when it is to be shredded, place that its takedown claims, place of its record, and
//	                            the row that the log had there: taken down, and kept by the guard
//	recent    number, i64 ms, Ref -> nothing: cases that a peer's takedown has closed within the hour, and not held
//	void      digest         -> nothing: takedowns that a card of a later epoch has undone
//	strays    number, digest -> signed envelope: takedowns that are void, or of a fork's other branch, and close their cases
//	                            all the same
//	ghosts    Ref            -> place, u64 revision, digest of a record that counts in the log, of a case that a stray has
//	                            closed: nothing else is kept of it
//	forks     origin         -> u8 kind, i64 since in ms, u64 epoch, what proves that the origin signed two logs: of kind h
//	                            two heads; r two records, sealed; g nothing, for they told of a case that was taken down
//	marks     Ref, Mark      -> nothing: own live cases, all records and photo files that they ever had
//
//	photos    digest of the file, u8 by (r record, w wish, h held, d draft, n nobody yet), Ref, CaseID or zeros
//	                         -> u32 size, u16 width, u16 height, u32 number of the origin, u8 1 for a thumbnail,
//	                            u32 slot of the file's key, the same in all rows of the file
//	doomed    digest         -> nothing: photo files that lost their last reference and may not be off the disk yet
//
//	drafts    CaseID         -> sealed Draft as JSON
//	wishes    Ref            -> sealed Wish as JSON: decided by our own staff, and to be signed when the node may
//	closed    CaseID         -> Closed as JSON
//	pairings  our nonce      -> Pairing as JSON: under way, and no member yet
//
//	receipts  digest of a takedown of ours, origin, u8 phase (m, s)
//	                         -> u8 1 when it confirms a head of ours, i64 when in ms, signed receipt
//	equals    root           -> signed head of ours that a receipt confirms
//	cards     origin, KeyID  -> signed card, under which a receipt, a takedown of ours or such a head was signed, or
//	                            records and posters of an epoch were; the newest of its key
//
// Sealed is u32 slot, nonce of 12 bytes, ChaCha20-Poly1305 under the key in that slot; the bucket, the row's key and the slot
// are bound in. A row that is written again gets a new key in another slot.
//
// # The keys
//
//	keys.slots  slots of 64 bytes, overwritten in place: a key, sealed as a row is, under the key-encryption key; or zeros
//	keys.kek    the key-encryption key; replaced, and overwritten, once a day
//
// A key is on the disk before the transaction that names its slot commits, and overwritten right after the transaction
// that names it no more. A slot that no row names is free: whatever a crash leaves there, Open overwrites. What the disk
// still holds of the row in freed pages, or of the file in freed blocks, is noise from then on, in every copy that was
// made with keys.slots but not with keys.kek, too, a day later. keys.kek must therefore not be in a backup that is kept
// for longer than the lease; a backup without it restores nothing.
//
// # The purge of a case
//
// Marked, in the takedown's transaction: hidden, its slots named no more. Shredded: the slots are overwritten and synced.
// Swept: the photo files are off the disk, with their parts and prints. The call that stores the takedown does all three
// before it returns; what a crash or the disk cuts short, Open and Tend finish. Phase tells how far it is.
//
// The guard: a member whose key was stolen could take its country down everywhere. When another origin takes down more
// than 50 cases, and more than one in 20, within an hour, the rest is Marked as ever but held for a day before it is
// shredded. Until then a card of a later epoch, signed by the origin's root, undoes it. What comes from peers in our own name
// is guarded too; what our own staff closes is not.
//
// # Epochs
//
// RenewCard is where a card of a later epoch makes void what stands after the place from which it goes on. What was purged
// of it does not come back: a void takedown that closed its case here closes it on as a stray, and since the case may be
// live elsewhere and in its owner's log, its record is counted at its place as a ghost, so that our root is still the owner's.
//
// # The photo files
//
//	photos/<two letters>/<cid>        a whole file, sealed; the letters are the last two of the CID but one
//	photos/<two letters>/<cid>.part   the beginning of one, for a transfer to resume: pieces, each u32 size and sealed
//	photos/<two letters>/<cid>.print  what posters show of a photo of our own, sealed under the key of the photo
//	photos/<two letters>/.new-*       being written, sealed; Open removes it
//
// A file that nothing refers to is kept for an hour: an officer has uploaded it and not saved the draft yet.
//
// # Other files
//
//	gmcn.db.new, keys.slots.new  being written to replace the file of that name; Open removes them
//	reserve                      a mebibyte of noise, removed when a takedown needs its room on a full disk
//
// # In memory
//
// The members with their heads and the roots of their logs, one small line a live case, which says where its record stands
// and from which List answers, with what is wished of it, and the stances: all are read from the log at Open, and changed
// when the transaction that changes the file has been committed. So the log is all that says which record of a case is live.
package store
