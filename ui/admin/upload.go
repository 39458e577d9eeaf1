package admin

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/ui"
)

const (
	// maxBody is the size of the largest form that is read, in bytes: as many photos as a case may have, and its texts.
	maxBody = protocol.MaxPhotos*photo.MaxUploadBytes + maxTexts
	// maxTexts is the size of all the texts of a form, and maxFields their number.
	maxTexts  = 4 << 20
	maxFields = 5000
)

// sentForm is what a browser sent.
type sentForm struct {
	values map[string][]string
	// trusted says that it bears the session's token; without it no file was taken.
	trusted bool
	photos  []protocol.Photo
	refused []refusedFile
}

// refusedFile is a file that cannot be a photo: Code is that of the message.
type refusedFile struct {
	Name, Code string
	Max        int
}

// readForm reads the form of a case as it comes in, one photo at a time, so that no more than one is in memory and none is
// on the disk as it was. room is how many photos the case may still take.
func (s *console) readForm(c *gin.Context, room int) (*sentForm, error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
	if c.Request.ContentLength > maxBody {
		return nil, readFault(errTooLarge)
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return nil, readFault(err)
	}
	f := &sentForm{values: map[string][]string{}}
	fields, left := 0, int64(maxTexts)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return nil, readFault(err)
		}
		if fields++; fields > maxFields {
			return nil, readFault(errTooLarge)
		}
		if part.FileName() != "" || part.FormName() == "upload" {
			if err := s.takeFile(f, part, room); err != nil {
				return nil, readFault(err)
			}
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, readFault(err)
		}
		if left -= int64(len(b)); left < 0 {
			return nil, readFault(errTooLarge)
		}
		name := part.FormName()
		f.values[name] = append(f.values[name], string(b))
		if name == "csrf" {
			f.trusted = sessionOf(c).knows(string(b))
		}
	}
}

var errTooLarge = errors.New("more than a form of a case can have")

// readFault turns an error of reading a form into a page.
func readFault(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, errTooLarge) {
		return &ui.Fault{Status: http.StatusRequestEntityTooLarge, Key: "toolarge", Err: err}
	}
	var ours *photoError
	if errors.As(err, &ours) {
		return ours.err
	}
	return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest", Err: err}
}

// photoError is a failure of ours, not of the file or of the connection.
type photoError struct{ err error }

func (e *photoError) Error() string { return e.err.Error() }

// takeFile makes a photo of one file. What is wrong with the file is kept for the page; the error is one of reading, or
// a photoError.
func (s *console) takeFile(f *sentForm, part *multipart.Part, room int) error {
	name := part.FileName()
	refuse := func(code string, most int) { f.refused = append(f.refused, refusedFile{name, code, most}) }
	if name == "" || !f.trusted { // no file was chosen, or we do not take it
		_, err := io.Copy(io.Discard, part)
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(part, photo.MaxUploadBytes+1))
	if err != nil {
		return err
	}
	if len(raw) > photo.MaxUploadBytes {
		refuse(photo.TooLarge, 0)
		_, err := io.Copy(io.Discard, part)
		return err
	}
	if len(f.photos) >= room {
		refuse("toomany", protocol.MaxPhotos)
		return nil
	}
	s.photo.Lock()
	p, err := s.Node.AddPhoto(raw)
	s.photo.Unlock()
	var bad *photo.Error
	if errors.As(err, &bad) {
		refuse(bad.Code, 0)
		return nil
	}
	if err != nil {
		return &photoError{err}
	}
	if !slices.ContainsFunc(f.photos, func(q protocol.Photo) bool { return q.File == p.File }) {
		f.photos = append(f.photos, p)
	}
	return nil
}

// alignPhotos renames the fields of photos, which the form numbered as they were when it was shown, to the numbers that
// the photos have now. Fields of a photo that is gone are dropped.
func alignPhotos(values map[string][]string, photos []protocol.Photo) {
	now := map[string]int{}
	for i, p := range photos {
		now[p.File.Cid.String()] = i
	}
	was := map[int]int{}
	for i := range mostSent * 2 {
		if v := values["photos."+strconv.Itoa(i)+".file"]; len(v) > 0 {
			if at, ok := now[v[0]]; ok {
				was[i] = at
			}
		}
	}
	renumber(values, "photos", func(i int) (int, bool) {
		at, ok := was[i]
		return at, ok
	})
}
