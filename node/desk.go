package node

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
)

// AddPhoto makes a photo fit to publish and keeps its two files, and what is printed of it; the caller fills in Kind, Who,
// Taken and Caption and puts it into a draft. A photo that is in no draft within the hour is thrown away. The error is a *photo.Error for a
// picture that cannot be used.
func (n *Node) AddPhoto(raw []byte) (protocol.Photo, error) {
	n.normalising <- struct{}{}
	clean, err := photo.Normalise(raw)
	<-n.normalising
	if err != nil {
		return protocol.Photo{}, err
	}
	p := protocol.Photo{
		File: protocol.Link{Cid: protocol.PhotoCID(clean.Full)}, Kind: protocol.Portrait, Size: uint32(len(clean.Full)),
		Width: uint16(clean.Width), Height: uint16(clean.Height),
		Thumb: protocol.Link{Cid: protocol.PhotoCID(clean.Thumb)}, ThumbSize: uint32(len(clean.Thumb)),
		ThumbWidth: uint16(clean.ThumbWidth), ThumbHeight: uint16(clean.ThumbHeight),
	}
	if err := n.store.AddPhoto(p.File.Cid, clean.Full); err != nil {
		return protocol.Photo{}, err
	}
	if err := n.store.AddPhoto(p.Thumb.Cid, clean.Thumb); err != nil {
		return protocol.Photo{}, err
	}
	if clean.Print != nil {
		if err := n.store.AddPrint(p.File.Cid, clean.Print); err != nil { // the first poster makes it
			n.log.Warn("the print of a photo was not kept", "error", err)
		}
	}
	return p, nil
}

// Photo returns a photo file of a draft or a case, for the console.
func (n *Node) Photo(file cid.Cid) ([]byte, error) { return n.store.Photo(file) }

// Print returns what is printed of a photo file of a draft or a case of our own, for the console.
func (n *Node) Print(file cid.Cid) ([]byte, error) { return n.store.Print(file, photo.PrintOwn) }

// SaveDraft keeps what an officer has entered, right or wrong; nothing of it is public before Publish. A draft without
// an ID gets one.
func (n *Node) SaveDraft(d *store.Draft) error {
	n.desk.Lock()
	defer n.desk.Unlock()
	if d.ID == (protocol.CaseID{}) {
		d.ID = protocol.NewCaseID()
	} else if old, err := n.store.Draft(d.ID); err == nil {
		d.PublishedRev = old.PublishedRev
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.Changed, d.Dirty = n.now(), true
	return n.store.SaveDraft(d)
}

// adopt gives cases of ours that a peer gave back their place on the desk, so that officers can revise and close them: the
// data folder was restored from a backup that did not have them. What never left the country is lost. What an officer has
// changed or decided since stays; else the draft becomes what is public.
func (n *Node) adopt(records []*protocol.Record) {
	wake(n.head)
	n.desk.Lock()
	defer n.desk.Unlock()
	drafts := map[protocol.CaseID]*store.Draft{}
	for _, r := range records {
		h := r.Header()
		if live, err := n.store.Live(h.Case); r.Type() != protocol.TypeCase || err != nil || live.ID() != r.ID() {
			continue // closed or revised meanwhile
		}
		d, err := n.store.Draft(h.Case)
		if errors.Is(err, fs.ErrNotExist) {
			d, err = &store.Draft{ID: h.Case, Changed: h.At}, nil
		}
		if err != nil {
			n.log.Error("a case of ours that came back is not on the desk", "case", h.Case.String(), "error", err)
			continue
		}
		if !d.Dirty && d.Waiting == "" {
			d.Case, d.Members, d.Photos = *r.Case(), protocol.Members{}, r.Photos()
			if m := r.Members(); m != nil {
				d.Members = *m
			}
		}
		d.PublishedRev = h.Rev
		drafts[h.Case] = d
	}
	if len(drafts) == 0 {
		return
	}
	if err := n.store.SaveDrafts(slices.Collect(maps.Values(drafts))); err != nil {
		n.log.Error("cases of ours that came back are not on the desk", "cases", len(drafts), "error", err)
		n.storeFailed(err)
	}
}

// Draft returns one case of the desk; fs.ErrNotExist when there is none, or it was closed.
func (n *Node) Draft(id protocol.CaseID) (*store.Draft, error) { return n.store.Draft(id) }

// Drafts returns every case of the desk, published or not, the newest change first.
func (n *Node) Drafts() ([]*store.Draft, error) { return n.store.Drafts() }

// Closed returns what is left of the cases closed here: their numbers, no names.
func (n *Node) Closed() ([]store.Closed, error) { return n.store.Closed() }

// DeleteDraft throws away a case that was never published. A published one must be closed.
func (n *Node) DeleteDraft(id protocol.CaseID) error {
	n.desk.Lock()
	defer n.desk.Unlock()
	d, err := n.store.Draft(id)
	if err != nil {
		return err
	}
	if d.Public() {
		return errors.New("this case is public; close it instead")
	}
	return n.store.DeleteDraft(id)
}

// Problems returns everything that stands in the way of publishing a draft, nil when nothing does.
func Problems(d *store.Draft, now time.Time) protocol.Problems {
	var all protocol.Problems
	for _, err := range []error{
		d.Case.Validate(now), d.Members.Validate(&d.Case, now), d.Local.Validate(&d.Case),
		protocol.ValidatePhotos(d.Photos, &d.Case, now),
	} {
		var some protocol.Problems
		if errors.As(err, &some) {
			all = append(all, some...)
		}
	}
	return all
}

// Publish signs the draft as the next revision of its case: it is on our own site when Publish returns, and on its way
// to every member. The error is protocol.Problems when something is wrong with it, and ErrWaiting when it is on our own site
// and is signed later.
func (n *Node) Publish(id protocol.CaseID) (*protocol.Record, error) {
	r, err := n.publish(id)
	if err != nil {
		return nil, err
	}
	n.changed(r)
	return r, nil
}

func (n *Node) publish(id protocol.CaseID) (*protocol.Record, error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	d, err := n.store.Draft(id)
	if err != nil {
		return nil, fmt.Errorf("publish case %s: %w", id, err)
	}
	now := n.now()
	if p := Problems(d, now); len(p) > 0 {
		return nil, p
	}
	e := protocol.Entry{Case: &d.Case, Members: &d.Members, Photos: d.Photos}
	reviewBy := now.Add(n.cfg.Review)
	r, err := n.signCase(id, e, reviewBy)
	if errors.Is(err, ErrWaiting) {
		if err = n.tryCase(id, e, reviewBy); err == nil {
			err = n.keepWish(store.Wish{Kind: store.WishPublish, ID: id, At: now, ReviewBy: reviewBy, Case: &d.Case, Members: &d.Members,
				Photos: d.Photos})
		}
	}
	switch {
	case errors.Is(err, protocol.ErrSize):
		return nil, protocol.Problems{{Field: "what", Code: "toolong"}} // all texts in all languages together
	case err != nil && !errors.Is(err, ErrWaiting):
		return nil, fmt.Errorf("publish case %s: %w", id, err)
	case r != nil:
		d.PublishedRev = r.Header().Rev
	}
	d.Dirty = false
	return r, errors.Join(n.store.SaveDraft(d), err)
}

// CloseCase takes a public case down everywhere: it is off our own site, its photos deleted, when CloseCase returns, and
// the takedown is on its way to every member. The reason stays here. It cannot be undone. With ErrWaiting it is off our own
// site, and the rest follows later.
func (n *Node) CloseCase(id protocol.CaseID, reason protocol.Reason) (*protocol.Record, error) {
	r, err := n.closeCase(id, reason)
	if errors.Is(err, ErrWaiting) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("close case %s: %w", id, err)
	}
	n.changed(r)
	return r, nil
}

func (n *Node) closeCase(id protocol.CaseID, reason protocol.Reason) (*protocol.Record, error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	if err := protocol.ValidateReason(reason); err != nil {
		return nil, err
	}
	d, err := n.store.Draft(id)
	if err != nil {
		return nil, err
	}
	if !d.Public() {
		return nil, errors.New("this case was never public; delete the draft instead")
	}
	r, err := n.signTakedown(id, d.Case.Number, reason)
	if errors.Is(err, ErrWaiting) {
		err = n.keepWish(store.Wish{Kind: store.WishClose, ID: id, At: n.now(), Number: d.Case.Number, Reason: reason})
	}
	return r, err
}

// changed sends a record of ours on its way.
func (n *Node) changed(r *protocol.Record) {
	wake(n.head)
	if r.Type() == protocol.TypeTakedown {
		wake(n.down)
	}
	if m := n.mesh.Load(); m != nil {
		m.announce(r)
	}
}
